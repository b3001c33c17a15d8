/** proc_pid_mountinfo(5). Pure. */

interface MountLine {
  point: string;
  /** `ext4` */
  type: string;
}

/** In the order in which they were made. */
export function mountsOf(text: string): MountLine[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after] = line.split(' - ');
    const point = before.split(' ')[4];
    const type = after?.split(' ')[0];
    return point === undefined || type === undefined ? [] : [{ point: unescaped(point), type }];
  });
}

/** Of the file system that a path lies on. */
export function typeAt(mounts: readonly MountLine[], path: string): string {
  const above = mounts.filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`));
  const longest = Math.max(0, ...above.map(({ point }) => point.length));
  return above.findLast(({ point }) => point.length === longest)?.type ?? 'unknown';
}

/** Blanks and the like are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
