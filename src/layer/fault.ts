/** The failures of a layer, and how a name of unknown bytes is shown in them. */
import { TsrunError } from '../errors.js';

const HINT_INVALID = 'pull the image again, or tell its publisher: the layer is not a tar that can be read in one way only';
const HINT_REFUSED = 'do not trust this image: no ordinary build makes such an entry';
const HINT_LIMIT = 'do not trust this image, or make the layer smaller';
const SHOWN_BYTES = 200;

/** The bytes are not a well-formed layer. */
export function invalid(message: string, subject?: Buffer, cause?: unknown): TsrunError {
  return fault('ERR_TSRUN_LAYER_INVALID', message, HINT_INVALID, subject, cause);
}

/** The layer is well-formed and asks for what is never done. */
export function refused(message: string, subject?: Buffer): TsrunError {
  return fault('ERR_TSRUN_LAYER_REFUSED', message, HINT_REFUSED, subject);
}

export function overLimit(message: string, subject?: Buffer): TsrunError {
  return fault('ERR_TSRUN_LAYER_LIMIT', message, HINT_LIMIT, subject);
}

function fault(
  code: 'ERR_TSRUN_LAYER_INVALID' | 'ERR_TSRUN_LAYER_REFUSED' | 'ERR_TSRUN_LAYER_LIMIT',
  message: string,
  hint: string,
  name?: Buffer,
  cause?: unknown,
) {
  const subject = name === undefined ? {} : { subject: show(name) };
  return new TsrunError(code, message, { hint, ...subject, ...(cause === undefined ? {} : { cause }) });
}

/** A name of the layer for people: control characters escaped (they reach terminals), long ones cut. */
export function show(name: Buffer): string {
  const text = name.subarray(0, SHOWN_BYTES).toString('utf8');
  // JSON leaves DEL and the C1 controls as they are, and terminals obey those as well.
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replace(
      /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  return name.length > SHOWN_BYTES ? `${escaped}…` : escaped;
}
