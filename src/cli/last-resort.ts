/** A failure that nobody caught is ours: it is printed where all are and exits as all of ours do, not with Node's trace and 1. */
import { standardStreams } from './output.js';
import { printFailure } from './print-error.js';

export function catchTheUncaught(): void {
  process.on('uncaughtException', (error) => {
    process.exit(printFailure(error, standardStreams().stderr, { debug: process.env['TSRUN_DEBUG'] === '1' }));
  });
}
