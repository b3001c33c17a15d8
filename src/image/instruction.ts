/**
 * One line of a Dockerfile, as `--change` takes it: the instruction, and its words by the rules of docker's builder (quotes, backslashes,
 * variables). Pure.
 */
import { TsrunError } from '../errors.js';

export interface Instruction {
  /** In capitals. */
  name: string;
  /** What stands behind it, without blanks at either end. */
  rest: string;
  /** As it was written. */
  text: string;
}

/** `CMD sh -c true`; podman writes `CMD=sh` as well. @throws ERR_TSRUN_USAGE */
export function parseInstruction(text: string): Instruction {
  const [, name = '', rest = ''] = /^\s*([A-Za-z]+)(?:[\s=]\s*(.*))?$/s.exec(text) ?? [];
  if (name === '' || text.includes('\0')) throw wrong(text, 'it is no instruction');
  return { name: name.toUpperCase(), rest: rest.trim(), text };
}

export function wrong(text: string, why: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `--change ${JSON.stringify(text.slice(0, 200))}: ${why}`, {
    subject: text.slice(0, 200),
    hint: "write a line of a Dockerfile: --change 'CMD [\"sh\"]', --change 'ENV NAME=VALUE'",
  });
}

/** `["a", "b"]`; undefined when it is no such list, and so a text for the shell, as docker has it. */
export function listOf(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(rest);
    return Array.isArray(list) && list.every((word) => typeof word === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Blank-separated, quotes and backslashes kept: what variables are is decided word by word. */
export function splitWords({ rest, text }: Instruction): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < rest.length; at++) {
    const letter = rest.charAt(at);
    if (letter === '\\' && quote !== "'" && at + 1 < rest.length) word += letter + rest.charAt(++at);
    else if (quote === '' && /\s/.test(letter)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      if (letter === quote) quote = '';
      else if (quote === '' && (letter === '"' || letter === "'")) quote = letter;
      word += letter;
    }
  }
  if (quote !== '') throw wrong(text, `the quote ${quote} is not closed`);
  return word === '' ? words : [...words, word];
}

/** Quotes and backslashes taken away, `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` replaced. */
export function processWord(word: string, env: ReadonlyMap<string, string>, text: string): string {
  let result = '';
  let quote = '';
  for (let at = 0; at < word.length; at++) {
    const letter = word.charAt(at);
    if (quote === "'" && letter !== "'") result += letter;
    else if (letter === quote) quote = '';
    else if (quote === '' && (letter === '"' || letter === "'")) quote = letter;
    else if (letter === '\\' && at + 1 < word.length) {
      const next = word.charAt(++at);
      // Between double quotes a backslash stands for itself but before these (POSIX).
      result += quote === '"' && !['"', '$', '\\'].includes(next) ? letter + next : next;
    } else if (letter === '$') {
      const { value, end } = variable(word, at, env, text);
      result += value;
      at = end - 1;
    } else result += letter;
  }
  return result;
}

/** @param at of the dollar */
function variable(word: string, at: number, env: ReadonlyMap<string, string>, text: string): { value: string; end: number } {
  const plain = /^\$([A-Za-z_][A-Za-z0-9_]*)/.exec(word.slice(at));
  if (plain) return { value: env.get(plain[1] ?? '') ?? '', end: at + plain[0].length };
  if (word.charAt(at + 1) !== '{') return { value: '$', end: at + 1 };
  const braced = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^${}]*))?\}/.exec(word.slice(at));
  if (!braced) throw wrong(text, `${JSON.stringify(word.slice(at))} is no variable that tsrun knows: write \${NAME}, or \\$ for a dollar`);
  const [all, name = '', operator = '', other = ''] = braced;
  const value = env.get(name);
  const isSet = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  const end = at + all.length;
  if (operator.endsWith('+')) return { value: isSet ? other : '', end };
  return { value: isSet ? (value ?? '') : other, end };
}
