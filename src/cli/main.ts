/**
 * The command line: bundled into one file, which bin/run.js loads and oclif finds its commands in
 * (package.json: oclif.commands, strategy "explicit", target this file, identifier COMMANDS).
 */
import { Config } from '@oclif/core';
import { TsrunError } from '../errors.js';
import { COMMANDS } from './commands.js';
import { LEADING } from './flags/leading.js';
import { overview, WELCOME } from './help.js';
import { catchTheUncaught } from './last-resort.js';
import { unknownCommand } from './not-found.js';
import { standardStreams } from './output.js';
import { parse } from './parse.js';
import { printFailure } from './print-error.js';
import { changedWord } from './utf8.js';
import { findVerb, isTopic, VERBS } from './verbs.js';

export { COMMANDS };

/**
 * Runs one command line and resolves with its exit code.
 * @param root the package's directory, with package.json and oclif.manifest.json
 */
export async function main(root: string, words: readonly string[]): Promise<number> {
  catchTheUncaught();
  const streams = standardStreams();
  const { values, args, failure } = parse(LEADING, words);
  try {
    const wrong = failure ?? changedWord(words);
    if (wrong !== undefined) throw wrong;
    const leading = words.slice(0, words.length - args.length).filter((word) => word !== '--');
    if (values.version) return await dispatch(root, ['version'], values.json ? ['--json'] : []);
    if (values.help) return await dispatch(root, ['help', ...args], []);
    if (args.length > 0) return await dispatch(root, args, leading);
    streams.stdout.write(WELCOME);
    return 0;
  } catch (error) {
    return printFailure(error, streams.stderr, { json: values.json, debug: values.debug || process.env['TSRUN_DEBUG'] === '1' });
  }
}

async function dispatch(root: string, words: readonly string[], leading: readonly string[]): Promise<number> {
  const length = [2, 1].find((count) => words.length >= count && findVerb(words.slice(0, count).join(' ')) !== undefined);
  const id = words.slice(0, length ?? 1).join(':');
  if (length === undefined && isTopic(id) && (words.length === 1 || words[1]?.startsWith('-'))) return showTopic(id);
  // Not left to oclif: it takes `alpine:3.20` for a command and its subcommand.
  if (length === undefined) throw unknownCommand(words);
  if (id !== 'help' && id !== 'version') refuseOtherSystems(process.platform);
  const config = await Config.load({ root });
  const code = await config.runCommand(id, [...leading, ...words.slice(length)], config.findCommand(id) ?? null);
  return typeof code === 'number' ? code : 0;
}

function showTopic(topic: string): number {
  const { stdout } = standardStreams();
  stdout.write(overview(VERBS, stdout.columns, topic));
  return 0;
}

/** The package installs anywhere; only the help works elsewhere. */
export function refuseOtherSystems(platform: NodeJS.Platform): void {
  if (platform === 'linux') return;
  const place = platform === 'win32' ? 'in WSL2' : platform === 'darwin' ? 'in a Linux virtual machine such as Lima' : 'on a Linux machine';
  throw new TsrunError('ERR_TSRUN_PLATFORM', 'tsrun runs on Linux only: containers are a feature of its kernel', {
    hint: `${place} do \`npm install -g tsrun\``,
  });
}
