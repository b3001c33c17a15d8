/** Options that are `USER[:PASSWORD]`, and what is asked for where the password is left out. */
const ASKED = { creds: 'Password: ', srcCreds: 'Password for the source: ', destCreds: 'Password for the destination: ' };

/** `--creds USER` without a password: it is asked for, before anything else is done. */
export async function withPassword<Options extends object>(options: Options): Promise<Options> {
  const complete = { ...options } as Options & Record<string, unknown>;
  for (const [name, question] of Object.entries(ASKED)) {
    const creds = complete[name];
    if (typeof creds !== 'string' || creds === '' || creds.includes(':')) continue;
    const { ask } = await import('./ask.js');
    Object.assign(complete, { [name]: `${creds}:${await ask(question, 'hidden')}` });
  }
  return complete;
}
