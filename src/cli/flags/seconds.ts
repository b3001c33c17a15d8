/** Numbers of docker's flags: whole seconds, and how many. They throw an Error whose message ends "invalid argument … for … flag: ". */

export function seconds(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new Error('it is not a number of seconds');
}

export function count(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new Error('it is not a number');
}

/** The same as seconds; -1 is for ever. */
export function timeout(text: string): number {
  return text === '-1' ? -1 : seconds(text);
}
