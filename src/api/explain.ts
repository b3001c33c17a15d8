/** A failure record of the native helper, in words. */
import type { TsrunError } from '../errors.js';
import { explainFailure as explain } from '../runtime/explain.js';
import { parseRecord } from '../runtime/record.js';

/** @param record the bytes that the helper wrote: five fields, each ended by NUL */
export function explainFailure(record: Uint8Array): TsrunError {
  return explain(parseRecord(record));
}
