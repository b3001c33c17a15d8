/** The one kind of failure that a template has. */
import { TsrunError } from '../../errors.js';

/** @param what what is wrong, and where: a part of a sentence */
export function templateError(what: string, hint?: string): TsrunError {
  return new TsrunError('ERR_TSRUN_TEMPLATE', `template parsing error: ${what}`, hint === undefined ? {} : { hint });
}

/** A part of a template, short enough for a sentence. */
export function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
