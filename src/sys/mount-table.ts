/** proc_pid_mountinfo(5). Pure. */

export interface MountLine {
  point: string;
  /** `ext4` */
  type: string;
  /** Of the file system, wherever it is mounted. */
  options: string[];
  /** It is shared, or a slave: what is mounted elsewhere can reach it. */
  propagates: boolean;
}

/** In the order in which they were made. */
export function mountsOf(text: string): MountLine[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after] = line.split(' - ');
    const fields = before.split(' ');
    const point = fields[4];
    const [type, , options = ''] = after?.split(' ') ?? [];
    if (point === undefined || type === undefined) return [];
    return [
      {
        point: unescaped(point),
        type,
        options: options.split(','),
        propagates: fields.slice(6).some((field) => /^(shared|master):/.test(field)),
      },
    ];
  });
}

/** The innermost mount that holds the path; of several at one point the last. */
export function mountAt(mounts: readonly MountLine[], path: string): MountLine | undefined {
  const holding = mounts.filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`));
  const longest = Math.max(0, ...holding.map(({ point }) => point.length));
  return holding.findLast(({ point }) => point.length === longest);
}

/** Blanks and the like are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
