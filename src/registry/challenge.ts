/** WWW-Authenticate (RFC 9110 §11.6.1): several headers, several challenges in one header, quoted strings with commas. Pure. */

export interface Challenge {
  /** lower case: `bearer`, `basic` */
  scheme: string;
  /** lower-case names; the first of equal names counts */
  params: ReadonlyMap<string, string>;
}

const LONGEST = 16 * 1024;
const SEPARATORS = /[\s,]*/y;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
// Wider than the RFC's token: realms come unquoted, too
const BARE = /[^\s,"]+/y;
const TOKEN68 = / +[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/** Reads as far as the text makes sense; what follows a syntax error is left out. */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap((header) => (header.length > LONGEST ? [] : parseOne(header)));
}

function parseOne(text: string): Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(SEPARATORS);
    const name = take(TOKEN)?.[0].toLowerCase();
    if (name === undefined) return challenges;
    const current = challenges.at(-1);
    if (current && take(EQUALS)) {
      const quoted = take(QUOTED);
      const value = quoted ? (quoted[1] as string).replace(/\\(.)/g, '$1') : take(BARE)?.[0];
      if (value === undefined) return challenges;
      if (!current.params.has(name)) current.params.set(name, value);
    } else {
      challenges.push({ scheme: name, params: new Map() });
      take(TOKEN68);
    }
  }
}
