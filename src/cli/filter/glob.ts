/** Go's path.Match: `*` and `?` match anything but a slash, `[…]` one of its characters, a backslash takes the next as it is. */

/** The whole text against the pattern; a malformed pattern matches nothing. */
export function globMatches(pattern: string, text: string): boolean {
  return expressionOf(pattern)?.test(text) ?? false;
}

function expressionOf(pattern: string): RegExp | undefined {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === '*') {
      while (pattern[at + 1] === '*') at++; // several are as one, and cost no more
      source += '[^/]*';
    } else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const set = /^\[(\^?)((?:\\.|[^\]\\])+)\]/su.exec(pattern.slice(at));
      if (set === null) return undefined;
      source += `(?!/)[${set[1]}${(set[2] as string).replace(/\\?([^a-zA-Z0-9\\-])|\\(.)/gsu, (_, one, two) => escaped(one ?? two))}]`;
      at += set[0].length - 1;
    } else if (character === '\\') {
      if (++at >= pattern.length) return undefined;
      source += escaped(pattern[at] as string);
    } else source += escaped(character);
  }
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return undefined;
  }
}

function escaped(character: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
}
