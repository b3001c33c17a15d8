import { defineCommand } from '../cli/command.js';
import { LOGOUT } from '../cli/flags/logout.js';
import { visible } from '../cli/visible.js';
import { TsrunError } from '../errors.js';

export default defineCommand(LOGOUT, async ({ args, options, values, stdout, json }) => {
  const { logout, logoutAll } = await import('../index.js');
  if (values.all && args.length > 0)
    throw new TsrunError('ERR_TSRUN_USAGE', '--all takes no registry', { hint: 'leave out one of the two' });
  if (values.all) {
    const gone = await logoutAll(options);
    if (values.json) json(gone);
    else stdout.write(gone.map((name) => `Removing login credentials for ${visible(name)}\n`).join(''));
    return;
  }
  const [registry = 'docker.io'] = args;
  const had = await logout(registry, options);
  if (values.json) json(had ? [registry] : []);
  else stdout.write(had ? `Removing login credentials for ${visible(registry)}\n` : `Not logged in to ${visible(registry)}\n`);
});
