/** The flat root file system of a bundle is what umoci makes of the same layers under the same map. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Identity, identities } from '../../harness/identity.js';
import { writeLayout } from '../../harness/layout.js';
import { succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';

/** Each made by sh in an empty directory. Whiteouts are files with names (image-spec layer.md). */
const LAYERS = [
  `mkdir -p usr/lib opt/old/deep srv etc var tmp; ln -s usr/lib lib; echo one > usr/lib/one; echo gone > opt/old/deep/gone
   echo 4755 > srv/setuid; chown 33:44 srv/setuid; chmod 4755 srv/setuid; mkfifo srv/fifo; chmod 1777 srv
   echo keep > etc/keep; ln etc/keep etc/hard; echo file > var/kind; touch -d '2001-02-03 04:05:06.123456789' etc/keep`,
  `mkdir -p lib opt/old/deep etc var; echo two > lib/two; touch opt/old/deep/.wh..wh..opq; echo new > opt/old/deep/new
   touch etc/.wh.hard; mkdir var/kind; echo in > var/kind/in; chown 5:6 var/kind`,
  `mkdir -p srv tmp/x etc; touch srv/.wh.fifo; ln -s /etc/keep srv/link; echo again > etc/hard; touch -h -d '1999-12-31 23:59:59.5' srv/link`,
];

for (const who of identities()) {
  const skip = who.unavailable ?? (process.getuid?.() === 0 ? false : 'only root can make layers whose files have other owners');
  test(`as ${who.name}: names, types, modes, owners, links, contents and times to the nanosecond are umoci’s`, { skip }, async () => {
    await using place = sandbox(who);
    const layout = temporaryDirectory();
    const tars = await Promise.all(LAYERS.map(layer));
    writeLayout(layout, [{ tag: 'latest', layers: tars.map((tar) => ({ tar })), config: { Cmd: ['sh'] } }]);
    const ours = join(place.directory, 'ours');
    const made = await place.tsrun(['bundle', '-q', `oci:${layout}:latest`, ours]);
    assert.equal(made.code, 0, made.stderr);

    const theirs = join(place.directory, 'theirs');
    const { uidMappings } = JSON.parse(readFileSync(join(ours, 'config.json'), 'utf8')).linux;
    await succeed(
      ['umoci', 'unpack', ...mapped(who, uidMappings), '--image', `${layout}:latest`, theirs],
      who.name === 'single' ? { as: who } : {},
    );
    assert.deepEqual(listing(join(ours, 'rootfs')), listing(join(theirs, 'rootfs')));
  });
}

/** An entry `./` would give the root the times of this run. */
async function layer(script: string): Promise<Buffer> {
  const directory = temporaryDirectory();
  const root = join(directory, 'root');
  mkdirSync(root);
  await succeed(['sh', '-euc', `umask 022; ${script}`], { cwd: root });
  const tar = join(directory, 'layer.tar');
  await succeed(['tar', '--format=posix', '--numeric-owner', '-C', root, '-cf', tar, ...readdirSync(root)]);
  return readFileSync(tar);
}

function mapped(who: Identity, uidMappings: { containerID: number; hostID: number; size: number }[]): string[] {
  if (who.name === 'single') return ['--rootless'];
  const maps = uidMappings.map(({ containerID, hostID, size }) => `${containerID}:${hostID}:${size}`);
  return maps.flatMap((map) => [`--uid-map=${map}`, `--gid-map=${map}`]);
}

/** One line for each entry; hard links are grouped by the first of their names. The root's own times are nobody's: no layer has them. */
function listing(root: string): string[] {
  const first = new Map<bigint, string>();
  return (readdirSync(root, { recursive: true }) as string[]).sort().map((name) => {
    const path = join(root, name);
    const stat = lstatSync(path, { bigint: true });
    if (!first.has(stat.ino)) first.set(stat.ino, name);
    const content = stat.isFile()
      ? createHash('sha256').update(readFileSync(path)).digest('hex')
      : stat.isSymbolicLink()
        ? readlinkSync(path)
        : '';
    const parts = [
      name,
      stat.mode.toString(8),
      `${stat.uid}:${stat.gid}`,
      stat.isDirectory() ? '' : `= ${first.get(stat.ino)}`,
      stat.mtimeNs,
      content,
    ];
    return parts.join(' ');
  });
}
