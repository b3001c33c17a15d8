/** What `--fake-root` takes besides its filter (src/security/seccomp/fake-root.ts). Pure. */
import type { RunOptions } from '../api/options.js';
import type { IdMapping } from '../security/idmap.js';
import { isSingleId } from '../security/seccomp/fake-root.js';

/** apt becomes the user _apt to download, and looks whether it has. A file of tsrun's own tells it to stay root, where the image has apt. */
export const APT_CONF = {
  name: 'apt.conf',
  place: '/etc/apt/apt.conf.d/99-tsrun-fake-root',
  text: 'APT::Sandbox::User "root";\n',
} as const;

export function needsAptConf({ fakeRoot }: RunOptions, ids: IdMapping, hasApt: boolean): boolean {
  return fakeRoot === true && hasApt && isSingleId(ids);
}

export function fakeRootNotes({ fakeRoot }: RunOptions, ids: IdMapping): string[] {
  return fakeRoot && !isSingleId(ids)
    ? ['--fake-root: the id map has more than one id, so owners and users are real; only device nodes are answered and not made']
    : [];
}
