/** What verbs that send an image print of it, and write down. */
import { writeFileSync } from 'node:fs';
import { type SentImage, TsrunError } from '../index.js';
import { ARCHIVE } from './archive.js';
import type { Call } from './command.js';
import type { SEND_FLAGS } from './flags/common.js';
import { visible } from './visible.js';

type Values = { digestfile?: string | undefined; json?: boolean | undefined };

/** Of a registry the name with the digest: a reference that will mean the same for ever. */
export function printSent(
  sent: SentImage,
  values: Values,
  { stdout, json, reporter }: Pick<Call<typeof SEND_FLAGS>, 'stdout' | 'json' | 'reporter'>,
): void {
  reporter.stop();
  if (values.digestfile !== undefined) writeDigest(values.digestfile, sent.digest);
  // There the image itself is on standard output
  if (/^[a-z]+-archive:-(?::|$)/.test(sent.name)) return;
  if (values.json) json(sent);
  else stdout.write(`${visible(withDigest(sent))}\n`);
}

function withDigest({ name, digest }: SentImage): string {
  return ARCHIVE.test(name) || name.includes('@') ? name : `${name}@${digest}`;
}

/** As podman and skopeo do: without a line break. */
function writeDigest(path: string, digest: string): void {
  try {
    writeFileSync(path, digest);
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_OUTPUT', `cannot write the digest to ${path}: ${(cause as Error).message}`, {
      subject: path,
      hint: 'the image has been sent; name another file',
      cause,
    });
  }
}
