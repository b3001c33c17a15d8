/** Attacks by images on who unpacks and reads them, and the tests that show that each gets nowhere; in the form of attacks.ts. */
import type { Shown } from './attacks.js';

const WAYS: Shown = ['layer/hostile', 'nothing outside of the root is read, changed, linked or removed'];
const NEVER: Shown = ['layer/hostile', 'what no layer may bring'];
const ADVISORIES: Shown = ['layer/hostile', 'structures of published advisories end as GNU tar ends them, inside of the root'];
const MALFORMED: Shown = ['layer/tar/reader', 'malformed archives are errors, never skipped'];
const ALLOCATED: Shown = ['layer/tar/reader', 'what a header declares is never allocated or followed without bound'];
const ALIKE: Shown = ['layer/apply', 'becomes what is written down of it'];
const BOMBS: Shown = ['layer/limits', 'bombs end early and in little memory'];
const DOCUMENTS: Shown = ['image/parse', 'wrong types, digests and sizes are refused by name'];
const PLACES: Shown = ['integration/isolation/images', 'that makes links of devices and of files under /etc has fresh ones all the same'];

export const IMAGE_ATTACKS: Readonly<Record<string, readonly Shown[]>> = {
  'CVE-2014-6407 CVE-2014-9357 CVE-2014-9356 CVE-2015-3627': [WAYS, NEVER],
  'CVE-2021-29136': [NEVER],
  'overlay’s metadata in a layer': [NEVER, ['layer/hostile', 'user.overlay.opaque in libarchive']],
  'a layer that another image’s base would show through': [
    ['layer/whiteout', 'two images share a layer that needs its parents, over different bases'],
    ['rootfs/equality', 'hand-made layers that are not self-contained, one of them shared over two bases'],
  ],
  'a whiteout through a link, and the removal of one': [WAYS, ['native/removal', 'is removed, and not what its links lead to']],
  'CVE-2021-32803 CVE-2021-32804 CVE-2021-37701 CVE-2021-37712 CVE-2021-37713 CVE-2024-12905 CVE-2025-48387 CVE-2025-59343': [
    ADVISORIES,
    WAYS,
  ],
  'CVE-2026-23745 CVE-2026-24842 CVE-2026-26960': [WAYS, ['layer/hostile', 'a chain of links']],
  'CVE-2026-53655 CVE-2025-62518': [
    MALFORMED,
    ALIKE,
    ['layer/tar/reader', "the entries are those that Python's tarfile lists"],
    ['layer/tar/reader', 'the names are those that bsdtar lists'],
  ],
  'CVE-2025-47290': [['layer/race', 'nothing gets to where the links lead, however the unpacking ends']],
  'CVE-2022-2879 CVE-2025-58183': [ALLOCATED, ['layer/limits', 'a GNU long name of 8 GiB']],
  'bombs, endless bodies, wrong sizes': [
    BOMBS,
    ['layer/limits', 'a layer of 4 GiB passes in bounded memory'],
    ['layer/decompress', 'a window above 128 MiB is refused, one of 128 MiB is not'],
    ['layer/decompress', 'padding with zeros is tolerated, anything else behind the end is refused'],
    ['content/store', 'an endless body is dropped at the first byte too many'],
    ['image/hostile-archive', 'a compressed archive of zeros is refused before it fills the disk'],
    DOCUMENTS,
  ],
  'CVE-2024-3727': [['content/store', 'digests and sizes outside the grammar never become a path'], DOCUMENTS],
  'CVE-2021-41190': [['image/parse', 'bytes that can be read as index and as manifest are refused (CVE-2021-41190)']],
  'altered, cut and swapped bytes': [
    ['layer/property', 'any damage to a blob is refused by the store'],
    ['layer/property', 'any damage to what the store did not look at is refused'],
    ['layer/worker', 'its contents have the promised digest, to the last byte behind the end'],
    ['content/store', 'a short, long or altered body is refused and leaves nothing'],
  ],
  'documents that two readers read differently': [
    ['image/parse', 'a NUL in any string or key, duplicate keys and keys that differ in case are refused'],
    ['image/parse', 'no document reaches the prototypes'],
    ['image/parse', 'size, depth and encoding are bounded'],
  ],
  'fields of a config that lead elsewhere': [
    ['image/parse', 'a config is typed, and has a diffID for each layer'],
    ['bundle/build', 'refuses an image that tries to reach the caller or the system'],
    ['bundle/user', 'is not taken from a line that hides control characters'],
    ['integration/files/hostile', 'program, library or preload of the container is never loaded or run'],
  ],
  'names of images': [
    ['reference/parse', 'is refused with a hint'],
    ['reference/parse', 'hostile lengths are refused in no time'],
  ],
  'setuid programs and devices in the store': [
    ['layer/worker', 'devices are left out and reported but for those below /dev, with hard links to them; whiteouts are made'],
    ['content/store', 'a fetched blob is stored under its digest, byte for byte, in a private layout'],
  ],
  '/etc/resolv.conf that leads elsewhere': [PLACES],
};
