/** A word as bash keeps it in COMP_WORDS, as it was typed → what it means; quotes may still be open. Nothing is expanded. */
export function unquote(word: string): string {
  let text = '';
  let quote = '';
  for (let at = 0; at < word.length; at++) {
    const char = word[at] as string;
    const next = word[at + 1];
    if (char === quote) quote = '';
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (char === '\\' && quote === '' && next !== undefined) text += word[++at];
    else if (char === '\\' && quote === '"' && next !== undefined && '$`"\\'.includes(next)) text += word[++at];
    else text += char;
  }
  return text;
}
