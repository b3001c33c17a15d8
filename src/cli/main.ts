/** The command line, without oclif: reading it takes longer than most commands (src/cli/oclif.ts has what oclif asks for). */
import { TsrunError } from '../errors.js';
import { commandOf } from './commands.js';
import { HELP } from './flags/help.js';
import { LEADING } from './flags/leading.js';
import { VERSION } from './flags/version.js';
import { overview, WELCOME } from './help.js';
import { catchTheUncaught } from './last-resort.js';
import { unknownCommand } from './not-found.js';
import { standardStreams } from './output.js';
import { parse } from './parse.js';
import { mannerFor, printFailure } from './print-error.js';
import { changedWord } from './utf8.js';
import { findVerb, isTopic, VERBS } from './verbs.js';

export { commandOf };

/**
 * Runs one command line and resolves with its exit code.
 * @param root the package's directory, with package.json
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
    return printFailure(error, streams.stderr, {
      json: values.json,
      debug: values.debug || process.env['TSRUN_DEBUG'] === '1',
      ...mannerFor(process.env['TSRUN_ARGV0'], ''),
    });
  }
}

async function dispatch(root: string, words: readonly string[], leading: readonly string[]): Promise<number> {
  const length = [2, 1].find((count) => words.length >= count && findVerb(words.slice(0, count).join(' ')) !== undefined);
  const [word = ''] = words;
  if (length === undefined && isTopic(word) && (words.length === 1 || words[1]?.startsWith('-'))) return showTopic(word);
  const verb = findVerb(words.slice(0, length ?? 0).join(' '));
  const command = verb && commandOf.get(verb.name);
  if (command === undefined) throw unknownCommand(words);
  if (command.verb !== HELP && command.verb !== VERSION) refuseOtherSystems(process.platform);
  return command.perform([...leading, ...words.slice(length)], root);
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
