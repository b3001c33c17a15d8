/** A word that is no command: what was meant? */
import { TsrunError } from '../errors.js';
import { nearest } from '../nearest.js';
import { isTopic, namesOf, VERBS } from './verbs.js';

/** docker's commands that tsrun does not have. */
const LATER = ('build compose container cp diff events info network prune ' + 'search stats system top update volume').split(' ');

const MOUNT = {
  why: 'what a user mounts ends with the namespace that it is mounted in',
  hint: 'unpack the image into a directory: tsrun image unpack IMAGE DIR',
};

/** podman's, which no later version will have. */
const IN_PLACE_OF: ReadonlyMap<string, { why: string; hint: string }> = new Map(
  ['image mount', 'image unmount', 'image umount'].map((name) => [name, MOUNT]),
);

/** The failure for `tsrun <words>`, of which no beginning is a command. */
export function unknownCommand(words: readonly string[]): TsrunError {
  const [typed = '', ...rest] = words;
  const word = typed.replace(/^[^@]*:.*@(?=.*\/)/s, '***@'); // perhaps a login before a host
  const names = VERBS.flatMap(namesOf);
  const topic = isTopic(word);
  const spelled = topic && rest[0] !== undefined ? `${word} ${rest[0]}` : word;
  const behind = spelled === word ? rest : rest.slice(1);
  const instead = IN_PLACE_OF.get(spelled);
  if (instead !== undefined)
    return new TsrunError('ERR_TSRUN_UNSUPPORTED', `tsrun has no \`${spelled}\`: ${instead.why}`, { hint: instead.hint });
  if (!names.includes(spelled) && LATER.includes(spelled)) {
    return new TsrunError('ERR_TSRUN_UNSUPPORTED', `tsrun has no \`${spelled}\` yet`, { hint: 'see `tsrun --help` for what it has' });
  }
  const near = nearest(spelled, names);
  const guess = near?.split(' ') ?? (topic || !looksLikeImage(word) ? undefined : ['run', word]);
  const meant = guess && [...guess, ...behind].map(quoted).join(' ');
  const hint = meant === undefined ? 'see `tsrun --help`' : `Did you mean \`tsrun ${meant}\`?`;
  return new TsrunError('ERR_TSRUN_USAGE', `there is no command "${spelled}"`, { hint });
}

function looksLikeImage(word: string): boolean {
  return /^[a-z0-9][\w./:@-]*$/i.test(word);
}

/** As a shell would need it to be typed. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
