import { dirname, join } from 'node:path';
import { defineCommand } from '../cli/command.js';
import { GENERATE_SYSTEMD } from '../cli/flags/generate-systemd.js';

/** What programs of the host tsrun may need: newuidmap, pasta and their kin. */
const PROGRAMS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export default defineCommand(GENERATE_SYSTEMD, async ({ args: [container = ''], options, values, root, stdout, json }) => {
  const { generateSystemd } = await import('../index.js');
  const made = await generateSystemd(container, {
    ...options,
    byName: values.name ?? false,
    program: join(root, 'bin/tsrun'),
    path: `${dirname(process.execPath)}:${PROGRAMS}`,
  });
  if (values.json) json(made);
  else stdout.write(made.unit);
});
