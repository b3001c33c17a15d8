/** A user without subordinate ids: told once, with a line that works. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identity } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { start } from '../../harness/process.js';
import { openTerminal } from '../../harness/pty.js';
import { sandbox } from '../../harness/tsrun.js';
import { unprepared, within } from './surroundings.js';

const who = identity('single');
/** A whole line of a shell's, for `sh -c`. */
const CURE = /let an administrator run: (usermod --add-subuids \d+-\d+ --add-subgids \d+-\d+ \S+)$/m;
/** The machine's /etc, with what is changed in it kept in memory. */
const OWN_ETC =
  'mount -t tmpfs tmpfs /mnt; mkdir /mnt/upper /mnt/work; mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc';

describe('no subordinate ids', { skip: who.unavailable ?? false }, () => {
  it('one note per user, not per run, and none at all with -q', async () => {
    await using place = sandbox(who);
    const { reference } = await busyboxImage();
    const run = async (...flags: string[]) => {
      const terminal = await openTerminal([place.program, 'run', '--rm', ...flags, reference, 'id', '-u'], {
        as: who,
        env: place.env,
        cwd: place.home,
        columns: 500,
      });
      assert.equal((await terminal.finished).code, 0);
      return terminal.screen().lines.filter((line) => line.startsWith('note: '));
    };
    assert.deepEqual(await run('-q'), [], 'silence is kept, and the note for later');
    // A host whose /dev/net/tun is closed to users has a note of its own.
    const notes = (await run()).filter((note) => !/network/.test(note));
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? '', new RegExp(`^note: ${who.user} has no subordinate ids: the container has one user, root`));
    assert.match(notes[0] ?? '', CURE);
    assert.deepEqual(await run(), []);
    assert.deepEqual(await run('--network', 'host'), []);
  });

  it('the line in the note, typed as it stands, makes the next run one with a range', { skip: unprepared }, async () => {
    await using place = sandbox(who);
    const { reference } = await busyboxImage();
    const script = `
      as() { setpriv --reuid ${who.uid} --regid ${who.gid} --clear-groups -- "$@"; }
      as "$@" run --rm ${reference} cat /proc/self/uid_map 2>/dev/shm/note
      cat /dev/shm/note >&2
      sh -ec "$(sed -n 's/.*let an administrator run: //p' /dev/shm/note)"
      as "$@" run --rm -u 1000:1000 ${reference} sh -c 'cat /proc/self/uid_map; id -u; touch /tmp/mine && stat -c %u /tmp/mine'`;
    const surrounded = ['unshare', '--mount', 'sh', '-euc', `${OWN_ETC}; mount -t tmpfs tmpfs /dev/shm; ${script}`, 'sh', place.program];
    const { code, stdout, stderr } = await start(surrounded, { env: place.env, cwd: '/' }).finished;
    assert.equal(code, 0, stderr);
    const cure = stderr.match(CURE)?.[1] ?? '';
    const first = /--add-subuids (\d+)-/.exec(cure)?.[1];
    const map = (line: string) => line.trim().split(/\s+/).join(' ');
    assert.deepEqual(stdout.trim().split('\n').map(map), [`0 ${who.uid} 1`, `0 ${who.uid} 1`, `1 ${first} 65536`, '1000', '1000']);
  });

  it('no newuidmap for a user with subordinate ids: a single id, and a note that names the package', { skip: unprepared }, async () => {
    const ranged = identity('range');
    await using place = sandbox(ranged);
    const { reference } = await busyboxImage();
    // /dev/null is no program: neither of the two can be run.
    const setup = 'for tool in newuidmap newgidmap; do mount --bind /dev/null "$(command -v $tool)"; done';
    const run = () =>
      start(within(place, { setup }, [place.program, 'run', '--rm', reference, 'cat', '/proc/self/uid_map']), { env: place.env, cwd: '/' })
        .finished;
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim().split(/\s+/).join(' '), `0 ${ranged.uid} 1`);
    assert.match(stderr, /^note: newuidmap and newgidmap are missing: .*install the package uidmap/m);
    assert.doesNotMatch((await run()).stderr, /^note:/m);
  });
});
