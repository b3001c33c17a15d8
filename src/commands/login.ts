import { ask } from '../cli/ask.js';
import { defineCommand } from '../cli/command.js';
import { LOGIN } from '../cli/flags/login.js';
import { readStandardInput } from '../cli/standard-input.js';
import { visible } from '../cli/visible.js';
import { TsrunError } from '../errors.js';

export default defineCommand(LOGIN, async ({ args: [registry = 'docker.io'], options, values, stdout, reporter, json }) => {
  const { login, loggedInAs } = await import('../index.js');
  const { username, password, ...rest } = options;
  if (values.getLogin) {
    const user = await loggedInAs(registry, rest);
    if (user === undefined)
      throw new TsrunError('ERR_TSRUN_NOT_LOGGED_IN', `not logged in to ${registry}`, { hint: `tsrun login ${registry}` });
    return stdout.write(`${visible(user)}\n`);
  }
  const all = { ...rest, onNote: (note: string) => reporter.note(note) };
  const given = await accountOf();
  const done = given === undefined ? await again() : await login(registry, { ...all, ...given });
  if (done.file !== undefined && done.helper === undefined)
    reporter.note(`the password lies unencrypted in ${done.file}; a credential helper (credsStore) keeps it elsewhere`);
  if (values.json) json(done);
  else stdout.write('Login Succeeded\n');

  /** What the command line says; undefined when it says nothing. */
  async function accountOf() {
    if (password !== undefined && values.passwordStdin) throw usage('--password and --password-stdin exclude each other');
    if (username === undefined && (password !== undefined || values.passwordStdin)) throw usage('a password needs its user', 'add -u USER');
    if (password !== undefined) reporter.note('others on this machine can see the password of -p: --password-stdin keeps it from them');
    if (username === undefined) return undefined;
    return { username, password: password ?? (values.passwordStdin ? await readPassword() : await ask('Password: ', 'hidden')) };
  }

  /** The login that there is, and if there is none that counts, one that is asked for. */
  async function again() {
    try {
      return await login(registry, all);
    } catch (error) {
      const code = error instanceof TsrunError ? error.code : '';
      if (code !== 'ERR_TSRUN_NOT_LOGGED_IN' && code !== 'ERR_TSRUN_REGISTRY_UNAUTHORIZED') throw error;
      if (code !== 'ERR_TSRUN_NOT_LOGGED_IN') reporter.note((error as TsrunError).message);
    }
    const user = await ask('Username: ', 'shown');
    return login(registry, { ...all, username: user, password: await ask('Password: ', 'hidden') });
  }
});

/** Without the line's end, which it usually comes with. */
async function readPassword(): Promise<string> {
  return (await readStandardInput()).replace(/\r?\n$/, '');
}

function usage(message: string, hint = 'see `tsrun login --help`'): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', message, { hint });
}
