/** The oracle: GNU tar extracts the layers one after the other in a user namespace with a container's own map; a script does the whiteouts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What a container's /proc/PID/{uid,gid}_map say. */
export interface Maps {
  uid: string;
  gid: string;
}

export function mapsOf(pid: number): Maps {
  return { uid: readFileSync(`/proc/${pid}/uid_map`, 'utf8'), gid: readFileSync(`/proc/${pid}/gid_map`, 'utf8') };
}

/**
 * image-spec layer.md: a whiteout hides what the layers below brought, so all of a layer's go before its entries. tar itself does not put
 * a file in the place of a directory that is not empty. Devices cannot be made in a user namespace. With one id alone tar does not give owners.
 */
const SCRIPT = `
set -eu
umask 022
sameowner=$1; scratch=$2; shift 2
for blob; do
  layer=$scratch/layer
  gzip -dcf "$blob" >"$layer"
  tar --quoting-style=literal -tf "$layer" >"$scratch/names"
  grep -E '(^|/)\\.wh\\.' "$scratch/names" >"$scratch/whiteouts" || true
  while IFS= read -r name; do
    directory=$(dirname "$name")
    case $(basename "$name") in
    .wh..wh..opq) if [ -d "$directory" ]; then find "$directory/" -mindepth 1 -delete; fi ;;
    *) rm -rf "$directory/$(basename "$name" | sed 's/^\\.wh\\.//')" ;;
    esac
  done <"$scratch/whiteouts"
  tar --quoting-style=literal -tvf "$layer" >"$scratch/list"
  awk '/^[-lhp]/ { for (i = 0; i < 5; i++) sub(/^[^ ]+ +/, ""); sub(/ (->|link to) .*/, ""); print }' "$scratch/list" | while IFS= read -r name; do
    if [ -d "$name" ] && ! [ -L "$name" ]; then rm -rf "$name"; fi
  done
  awk '/^[cb]/ { print $NF }' "$scratch/list" | cat "$scratch/whiteouts" - >"$scratch/excluded"
  tar -xpf "$layer" --numeric-owner "$sameowner" --xattrs '--xattrs-include=*' --anchored --no-wildcards --exclude-from="$scratch/excluded"
done`;

/** Only root can write any map: needs root. */
export async function extractWithGnuTar(layers: readonly string[], maps: Maps, directory: string): Promise<string> {
  const [target, scratch] = [join(directory, 'root'), join(directory, 'scratch')];
  for (const path of [target, scratch]) {
    mkdirSync(path);
    chmodSync(path, 0o777);
  }
  chmodSync(directory, 0o755);
  const single = /^\s*0\s+\d+\s+1\s*$/.test(maps.uid);
  const own = single ? '--no-same-owner' : '--same-owner';
  const become = ['setpriv', '--reuid=0', '--regid=0', single ? '--keep-groups' : '--clear-groups', '--'];
  // The directory itself must be the namespace's, so that an entry for the root can change it.
  const inside = ['sh', '-c', 'read -r go; exec "$@"', 'sh', ...become, 'sh', '-c', 'mkdir "$0/tree" && cd "$0/tree" && exec "$@"', target];
  const child = spawn('unshare', ['--user', '--keep-caps', ...inside, 'sh', '-c', SCRIPT, 'reference', own, scratch, ...layers], {
    cwd: target,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await writeMaps(child, maps, single);
  child.stdin.end('go\n');
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the reference extraction failed: ${said}`);
  return join(target, 'tree');
}

async function writeMaps(child: ChildProcess, { uid, gid }: Maps, single: boolean): Promise<void> {
  const own = readlinkSync('/proc/self/ns/user');
  // unshare has not entered the namespace before it says so in this link.
  while (readlinkSync(`/proc/${child.pid}/ns/user`) === own) await pause(2);
  if (single) writeFileSync(`/proc/${child.pid}/setgroups`, 'deny');
  writeFileSync(`/proc/${child.pid}/uid_map`, uid);
  writeFileSync(`/proc/${child.pid}/gid_map`, gid);
}
