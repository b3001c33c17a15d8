/** `--creds USER` without a password: it is asked for, before anything else is done. */
export async function withPassword<Options extends object>(options: Options): Promise<Options> {
  const { creds } = options as { creds?: string };
  if (!creds || creds.includes(':')) return options;
  const { ask } = await import('./ask.js');
  return { ...options, creds: `${creds}:${await ask('Password: ', 'hidden')}` };
}
