/** Text that is cut to a width, as docker does it (cli/command/formatter/displayutils.go). */

/** At most `width` columns of a terminal, the last of them an ellipsis when something is cut. */
export function ellipsis(text: string, width: number): string {
  const characters = [...text];
  let used = 0;
  let kept = 0;
  for (const [index, character] of characters.entries()) {
    used += columnsOf(character);
    if (used <= width - 1) kept = index + 1;
    if (used > width) return `${characters.slice(0, kept).join('')}…`;
  }
  return text;
}

/** East Asian wide and fullwidth characters take two (Unicode TR 11); the large blocks of them. */
const WIDE: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

function columnsOf(character: string): number {
  const code = character.codePointAt(0) as number;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
