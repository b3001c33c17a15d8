/** Changes one member of a JSON object in its text: every other byte stays (unknown members, numbers of any size, spacing). Pure. */

interface Member {
  name: string;
  /** of the name's first quote */
  start: number;
  valueStart: number;
  end: number;
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+)/y;
const OPENING = ['{', '['];
const CLOSING = ['}', ']'];

/** @param text an object that JSON.parse accepts */
function membersOf(text: string): { members: Member[]; open: number; close: number } {
  const members: Member[] = [];
  let [depth, open, close] = [0, 0, 0];
  let current: Omit<Member, 'end'> | undefined;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text), before = 0; match !== null; before = TOKEN.lastIndex, match = TOKEN.exec(text)) {
    const token = match[1] as string;
    const end = TOKEN.lastIndex;
    const endsMember = depth === 1 && (token === ',' || token === '}');
    if (endsMember && current !== undefined) {
      members.push({ ...current, end: before });
      current = undefined;
    } else if (depth === 1 && current === undefined && token.startsWith('"')) {
      current = { name: JSON.parse(token) as string, start: end - token.length, valueStart: -1 };
    } else if (current?.valueStart === -1 && token !== ':') {
      current.valueStart = end - token.length;
    }
    if (OPENING.includes(token)) open = depth++ === 0 ? end : open;
    if (CLOSING.includes(token) && --depth === 0) close = end - 1;
  }
  return { members, open, close };
}

/** The text of the member's value; of equal names the last counts, as for JSON.parse. */
export function memberText(text: string, name: string): string | undefined {
  const member = membersOf(text).members.findLast((one) => one.name === name);
  return member && text.slice(member.valueStart, member.end);
}

/** Sets the member, at its place or behind all others. @param value JSON; undefined takes the member away */
export function withMember(text: string, name: string, value: string | undefined): string {
  const { members, open, close } = membersOf(text);
  const index = members.findLastIndex((one) => one.name === name);
  const member = members[index];
  if (member === undefined) return value === undefined ? text : appended(text, name, value, members.at(-1), open, close);
  if (value !== undefined) return text.slice(0, member.valueStart) + value + text.slice(member.end);
  const [before, after] = [members[index - 1], members[index + 1]];
  const [from, to] = before ? [before.end, member.end] : after ? [member.start, after.start] : [open, close];
  // There may be another of this name, which would count now
  return withMember(text.slice(0, from) + text.slice(to), name, undefined);
}

/** Spaced as the members before it. */
function appended(text: string, name: string, value: string, last: Member | undefined, open: number, close: number): string {
  const member = `${JSON.stringify(name)}: ${value}`;
  if (last === undefined) return `${text.slice(0, open)}\n\t${member}\n${text.slice(close)}`;
  const space = /\s*$/.exec(text.slice(0, last.start))?.[0] ?? '';
  return `${text.slice(0, last.end)},${space}${member}${text.slice(last.end)}`;
}
