/** `tsrun bundle`: what it writes runs in another runtime, and what it cannot write leaves nothing. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { checkSpec } from '../../bundle/schema.js';
import { identities, identity } from '../../harness/identity.js';
import { busyboxImage, busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';
import { crun, noCrun } from './crun.js';

const PORTRAIT = `
  echo "$(id -u):$(id -g) pid $$ host $(hostname) in $PWD as $HOME with $A"
  touch /new /etc/hosts && echo writes
  chown 1000:1000 /new 2>/dev/null; stat -c %u /new
  for name in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$name; done
  grep -E '^(CapBnd|Seccomp):' /proc/self/status
  cat /proc/self/uid_map`;

for (const who of identities()) {
  const skip = who.unavailable ?? noCrun();
  test(`as ${who.name}: crun runs the bundle, wherever it is moved to, as tsrun would run the image`, { skip }, async () => {
    await using place = sandbox(who);
    const { reference } = await busyboxImage();
    const bundle = join(placeFor(who), 'bundle');
    const made = await place.tsrun(['bundle', '-q', reference, bundle, 'sh', '-c', PORTRAIT]);
    assert.deepEqual([made.code, made.stdout, made.stderr.replace(/^note: .*\n/gm, '')], [0, `${bundle}\n`, '']);

    const text = readFileSync(join(bundle, 'config.json'), 'utf8');
    const spec = JSON.parse(text);
    checkSpec(spec);
    assert.doesNotMatch(text, /\\u0000/, 'no slot is left');
    assert.ok(!text.includes(place.root), 'nothing leads into the store');
    const owner = statSync(bundle);
    assert.deepEqual([owner.uid, owner.gid], [who.uid, who.gid], 'the directory is the caller’s');
    assert.equal(statSync(join(bundle, 'rootfs/bin')).uid, spec.linux.uidMappings[0].hostID, 'the files are the container root’s');

    renameSync(bundle, `${bundle}-moved`);
    const ran = await crun(place, `${bundle}-moved`);
    assert.deepEqual([ran.code, ran.stderr], [0, '']);
    const lines = ran.stdout.split('\n').map((line) => line.trim());
    assert.equal(lines[0], '0:0 pid 1 host tsrun in / as /root with');
    assert.deepEqual(lines.slice(1, 3), ['writes', who.name === 'single' ? '0' : '1000']);
    const host = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map((name) => `${name}:[${statSync(`/proc/self/ns/${name}`).ino}]`);
    assert.deepEqual(
      lines.slice(3, 10).filter((namespace) => host.includes(namespace)),
      [],
      'all seven namespaces are its own',
    );
    assert.deepEqual(lines.slice(10, 12), ['CapBnd:\t00000000a80425fb', 'Seccomp:\t2'], 'docker’s capabilities, and a filter');
    const maps = spec.linux.uidMappings.map((map: Record<string, number>) => `${map['containerID']} ${map['hostID']} ${map['size']}`);
    assert.deepEqual(
      lines.slice(12, 12 + maps.length).map((line) => line.replace(/\s+/g, ' ')),
      maps,
    );
    assert.ok(maps.every((map: string) => map.split(' ')[1] !== '0'));
  });

  test(`as ${who.name}: tsrun itself runs the bundle’s root file system`, { skip: who.unavailable ?? false }, async () => {
    await using place = sandbox(who);
    const bundle = join(placeFor(who), 'bundle');
    const made = await place.tsrun(['bundle', '-q', (await busyboxImage()).reference, bundle]);
    assert.equal(made.code, 0, made.stderr);
    const ran = await place.tsrun(['run', '--rm', '--rootfs', join(bundle, 'rootfs'), 'stat', '-c', '%u:%g', '/bin/busybox']);
    assert.deepEqual([ran.code, ran.stdout], [0, '0:0\n'], ran.stderr);
  });
}

test('the image’s own command, environment, user and directory are in the bundle, and the caller’s environment is not', async () => {
  await using place = sandbox(identity('root').unavailable ? identity('single') : identity('root'));
  const image = await imageWith({
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: ['true'],
    Env: ['A=of the image'],
    User: 'root',
    WorkingDir: '/tmp',
  });
  const bundle = join(place.directory, 'bundle');
  const made = await place.tsrun(['bundle', '--json', '-q', image, bundle], { env: { SECRET: 'hunter2' } });
  assert.deepEqual(JSON.parse(made.stdout), { directory: bundle });
  const text = readFileSync(join(bundle, 'config.json'), 'utf8');
  const { process: program, hostname } = JSON.parse(text);
  assert.deepEqual([program.args, program.cwd, hostname], [['/bin/sh', '-c', 'true'], '/tmp', 'tsrun']);
  assert.ok(program.env.includes('A=of the image') && program.env.includes('HOSTNAME=tsrun'));
  assert.doesNotMatch(text, /hunter2|SECRET/);
});

test('a directory that is not empty is refused and left as it is; one that is empty is used', async () => {
  await using place = sandbox(ordinary());
  const { reference } = await busyboxImage();
  const bundle = join(place.home, 'bundle');
  await place.command(['sh', '-c', 'mkdir bundle && echo mine > bundle/notes && echo > file']).finished;
  const refused = await place.tsrun(['bundle', '--json', reference, bundle]);
  assert.equal(refused.code, 125);
  const error = JSON.parse(refused.stderr.slice(refused.stderr.indexOf('{')));
  assert.equal((error.error ?? error).code, 'ERR_TSRUN_FILE_EXISTS');
  assert.deepEqual(readdirSync(bundle), ['notes']);
  const file = await place.tsrun(['bundle', reference, join(place.home, 'file')]);
  assert.equal(file.code, 125);
  assert.match(file.stderr, /file is not a directory: name a directory/);

  await place.command(['rm', 'bundle/notes']).finished;
  const made = await place.tsrun(['bundle', '-q', reference, 'bundle']);
  assert.deepEqual([made.code, made.stdout], [0, `${bundle}\n`], made.stderr);
  assert.deepEqual(readdirSync(bundle).sort(), ['config.json', 'hostname', 'hosts', 'resolv.conf', 'rootfs']);
});

test('what fails leaves no directory, or an empty one where one was', async () => {
  await using place = sandbox(ordinary());
  const image = await imageWith({ Cmd: ['sh'], User: 'nobody-here' });
  await place.command(['mkdir', 'there']).finished;
  for (const name of ['there', 'new/deeper']) {
    const failed = await place.tsrun(['bundle', '-q', image, name]);
    assert.equal(failed.code, 125);
    assert.match(failed.stderr, /no user "nobody-here"/);
  }
  assert.deepEqual(readdirSync(join(place.home, 'there')), []);
  assert.ok(!existsSync(join(place.home, 'new/deeper')));
  const unknown = await place.tsrun(['bundle', '-q', 'oci:nothing-here', 'unknown']);
  assert.equal(unknown.code, 125);
  assert.ok(!existsSync(join(place.home, 'unknown')));
  const forbidden = await place.tsrun(['bundle', '-q', image, '/proc/bundle']);
  assert.equal(forbidden.code, 125);
  assert.match(forbidden.stderr, /cannot write the bundle \/proc\/bundle/);
});

test('a full disk is told as that, with the bundle’s place, and what was written is gone', { skip: ordinaryCannotMount() }, async () => {
  await using place = sandbox(identity('root'));
  const { reference } = await busyboxImage();
  mkdirSync(join(place.home, 'small'));
  const script = 'mount -t tmpfs -o size=1m none small && "$@"; code=$?; ls -A small; exit $code';
  const full = await place.command(['unshare', '--mount', 'sh', '-c', script, 'sh', place.program, 'bundle', '-q', reference, 'small'])
    .finished;
  assert.deepEqual([full.code, full.stdout], [125, '']);
  assert.match(full.stderr, /cannot write the bundle .*small: no space left/);
  assert.match(full.stderr, /another disk/);
});

for (const who of identities()) {
  test(`as ${who.name}: ^C while it unpacks ends it with 130 and takes away what it wrote`, {
    skip: who.unavailable ?? false,
  }, async () => {
    await using place = sandbox(who);
    const image = await slowImage();
    const bundle = join(place.home, 'bundle');
    const running = place.start(['bundle', image, bundle]);
    await running.waitFor(/unpacking/, 'stderr');
    for (const deadline = Date.now() + 10_000; !existsSync(join(bundle, 'rootfs/many')) && Date.now() < deadline; ) await pause(2);
    process.kill(running.pid, 'SIGINT');
    assert.equal((await running.finished).code, 130);
    for (const deadline = Date.now() + 10_000; existsSync(bundle) && Date.now() < deadline; ) await pause(20);
    assert.ok(!existsSync(bundle));
  });
}

/** Where crun's own root of a user namespace can go: root's ids inside are nobody's outside. */
function placeFor(who: { uid: number; gid: number }): string {
  return temporaryDirectory(who.uid === 0 ? undefined : who);
}

function ordinary() {
  return identities().find(({ name, unavailable }) => name !== 'root' && unavailable === undefined) ?? identity('root');
}

function ordinaryCannotMount(): string | false {
  return process.getuid?.() === 0 ? false : 'only root can mount a small disk';
}

async function imageWith(config: Record<string, unknown>, ...more: Buffer[]): Promise<string> {
  const directory = temporaryDirectory();
  const layers = [await busyboxTar(), ...more].map((tar) => ({ tar, compression: 'none' as const }));
  writeLayout(directory, [{ tag: 'latest', layers, config }]);
  return `oci:${directory}:latest`;
}

/** Enough that unpacking it takes a while. */
function slowImage(): Promise<string> {
  slow ??= manyFiles().then((tar) => imageWith({ Cmd: ['sh'] }, tar));
  return slow;
}
let slow: Promise<string> | undefined;

async function manyFiles(): Promise<Buffer> {
  const work = temporaryDirectory();
  mkdirSync(join(work, 'many'));
  for (let index = 0; index < 4000; index += 1) writeFileSync(join(work, 'many', String(index)), 'x');
  await succeed(['tar', '-C', work, '-cf', join(work, 'layer.tar'), 'many']);
  return readFileSync(join(work, 'layer.tar'));
}
