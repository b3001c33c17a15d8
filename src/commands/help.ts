import { defineCommand } from '../cli/command.js';
import { HELP } from '../cli/flags/help.js';
import { overview, verbHelp } from '../cli/help.js';
import { unknownCommand } from '../cli/not-found.js';
import { findVerb, isTopic, VERBS } from '../cli/verbs.js';

export default defineCommand(HELP, async ({ args, stdout }) => {
  const verb = findVerb(args.slice(0, 2).join(' ')) ?? findVerb(args.slice(0, 1).join(' '));
  const [word] = args;
  if (verb !== undefined) stdout.write(verbHelp(verb, stdout.columns));
  else if (word === undefined) stdout.write(overview(VERBS, stdout.columns));
  else if (isTopic(word) && args.length === 1) stdout.write(overview(VERBS, stdout.columns, word));
  else throw unknownCommand(args);
});
