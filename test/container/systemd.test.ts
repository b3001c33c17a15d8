import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { quoted, systemdUnit, type UnitInput } from '../../src/container/systemd.js';
import { execute } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';

const INPUT: UnitInput = {
  name: 'web',
  image: 'alpine:3.20',
  program: '/usr/lib/node_modules/tsrun/bin/tsrun',
  path: '/usr/bin:/bin',
  data: '/home/ada/.local/share/tsrun',
  run: '/run/user/1000/tsrun',
  restart: 'on-failure',
  stopSignal: 15,
  stopTimeout: 10,
};

describe('a unit', () => {
  it('is the container in the foreground', () => {
    assert.equal(
      systemdUnit(INPUT),
      `# container-web.service
# made by tsrun generate systemd

[Unit]
Description=tsrun container web (alpine:3.20)
Wants=network-online.target
After=network-online.target
RequiresMountsFor=/home/ada/.local/share/tsrun

[Service]
Type=exec
Environment=PATH=/usr/bin:/bin
Environment=TSRUN_ROOT=/home/ada/.local/share/tsrun
Environment=TSRUN_RUN_ROOT=/run/user/1000/tsrun
ExecStart=/usr/lib/node_modules/tsrun/bin/tsrun start -a web
ExecStop=/usr/lib/node_modules/tsrun/bin/tsrun stop web
Restart=on-failure
TimeoutStopSec=30
KillMode=mixed
SuccessExitStatus=143

[Install]
WantedBy=default.target
`,
    );
  });

  it('has the container’s own signal and patience', () => {
    const unit = systemdUnit({ ...INPUT, stopSignal: 2, stopTimeout: -1, restart: 'always' });
    assert.match(unit, /^TimeoutStopSec=infinity$/m);
    assert.match(unit, /^SuccessExitStatus=130$/m);
    assert.match(unit, /^Restart=always$/m);
  });

  it('says every word as systemd reads it, and no line more', () => {
    assert.equal(quoted('plain', 'argument'), 'plain');
    assert.equal(quoted('', 'argument'), '""');
    assert.equal(quoted('/a b', 'program'), '"/a b"');
    assert.equal(quoted('say "hi" \\', 'argument'), '"say \\"hi\\" \\\\"');
    assert.equal(quoted('50% of $HOME', 'argument'), '"50%% of $$HOME"');
    assert.equal(quoted('/50%/$x', 'program'), '/50%%/$x');
    assert.equal(quoted('TSRUN_ROOT=/$x', 'value'), 'TSRUN_ROOT=/$x');
    assert.equal(quoted("a\nb\t';#", 'argument'), `"a\\x0ab\\x09';#"`);
    const unit = systemdUnit({ ...INPUT, image: 'x\n[Service]\nExecStart=/bin/evil\\', data: '/x\nUser=root' });
    assert.ok(!/^(ExecStart=\/bin\/evil|User=root)/m.test(unit));
    assert.equal(unit.split('\n').length, systemdUnit(INPUT).split('\n').length);
    assert.match(unit, /^Description=.*evil\\\)$/m);
  });

  const analyze = '/usr/bin/systemd-analyze';
  it('is one to systemd-analyze verify, where that is installed', async () => {
    if (!existsSync(analyze)) return; // what it would say is in the text above
    const directory = join(temporaryDirectory(), 'units');
    mkdirSync(directory);
    const file = join(directory, 'container-web.service');
    writeFileSync(file, systemdUnit({ ...INPUT, program: '/bin/true' }));
    const { stderr } = await execute([analyze, '--user', 'verify', file]);
    assert.ok(!stderr.includes('container-web.service:'), stderr);
  });
});
