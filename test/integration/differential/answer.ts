/** Types a row into sh, with one tool or another as `t`, and puts what comes into words that both share. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../../harness/process.js';
import type { Answer, Row } from './row.js';

/** Who answers, and where. */
export interface Tool {
  /** What `t` runs; words that `run` and `create` get besides, before the row's own. */
  command: readonly string[];
  runFlags: readonly string[];
  /** Started around the whole row. */
  wrapper: readonly string[];
  as?: { uid: number; gid: number };
  env: Readonly<Record<string, string>>;
  images: Readonly<Record<string, string>>;
  /** Writable for the user. */
  directory: string;
}

export interface Answered extends Answer {
  /** The tool's own words, for `says`. */
  words: string;
}

/** Puts `t` where the rows find it. */
export function prepare(tool: Tool): void {
  const quoted = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const script = `#!/bin/sh
case "$1 $*" in
run*' --network'* | create*' --network'*) verb=$1; shift; set -- "$verb" ${quoted(tool.runFlags.filter((flag) => !flag.startsWith('--network')))} "$@" ;;
run* | create*) verb=$1; shift; set -- "$verb" ${quoted(tool.runFlags)} "$@" ;;
esac
exec ${quoted(tool.command)} "$@"
`;
  mkdirSync(join(tool.directory, 'bin'), { recursive: true });
  writeFileSync(join(tool.directory, 'bin/t'), script);
  chmodSync(join(tool.directory, 'bin/t'), 0o755);
}

/** @param number the row's own: no other has it */
export async function answer(tool: Tool, { typed }: Pick<Row, 'typed'>, number: number): Promise<Answered> {
  const name = `row${number}x`;
  const cwd = join(tool.directory, name);
  mkdirSync(cwd);
  if (tool.as && process.getuid?.() === 0) chownSync(cwd, tool.as.uid, tool.as.gid);
  const env = { ...tool.env, ...tool.images, N: name, PATH: `${tool.directory}/bin:${tool.env['PATH']}` };
  const [command, ...options] = [...tool.wrapper, 'sh', '-c', typed];
  const { code, stdout, stderr } = await execute([command as string, ...options], { ...(tool.as ? { as: tool.as } : {}), env, cwd });
  const plain = (text: string) =>
    text
      .replaceAll(cwd, '<cwd>')
      .replaceAll(name, 'NAME')
      .replace(/\b[0-9a-f]{64}\b/g, '<id>');
  return { code: code ?? -1, stdout: plain(stdout), stderr: normal(plain(stderr)), words: plain(stderr) };
}

/** The command's own words stay. tsrun's notes and podman's log are nobody's answer. */
function normal(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !/^(note: |time="|See 'podman|Try 'podman |Resolved "|Trying to pull )/.test(line))
    .map((line) => (/^(tsrun(: | )|Error: |(\[conmon|conmon )|\{"msg":)/.test(line) ? '<refused>' : line))
    .join('\n');
}
