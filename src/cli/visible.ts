/** Text from images and registries may hold terminal escapes: they are shown, never sent. */

/** C0 and C1 controls, DEL, line separators, and the marks that reorder text (bidirectional controls). */
function isHidden(code: number): boolean {
  return (
    code < 0x20 ||
    (code >= 0x7f && code <= 0x9f) ||
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}

const NAMES: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r' };

/** The text on one line with every such character spelled out: `\x1b`, `\n`, `\u202e`. */
export function visible(text: string): string {
  return replaceHidden(text, (code) => NAMES[code] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`));
}

/** The text with its lines and tabs as they are, and everything else spelled out that a terminal would act on. */
export function visibleLines(text: string): string {
  return replaceHidden(text, (code) =>
    code === 9 || code === 10 ? String.fromCharCode(code) : code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`,
  );
}

/** The same value as JSON text that is safe on a terminal: JSON.stringify leaves DEL, C1 and the reordering marks as they are. */
export function visibleJson(value: unknown, indent?: number): string {
  return replaceHidden(JSON.stringify(value, null, indent) ?? 'null', (code) => (code === 10 ? '\n' : `\\u${hex(code, 4)}`));
}

function replaceHidden(text: string, spell: (code: number) => string): string {
  let result = '';
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    result += isHidden(code) ? spell(code) : character;
  }
  return result;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
