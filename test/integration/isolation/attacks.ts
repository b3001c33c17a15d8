/** Attacks on container runtimes, by their CVE or in words, and the test that shows that each gets nowhere: its file and its title, or a part of that. */
export type Shown = readonly [file: string, title: string];

const SITUATION: Shown = ['integration/isolation/situation', 'is what its golden file says, and nothing of what lies around tsrun'];
const ENTERING: Shown = ['integration/isolation/entering', 'shows no descriptor, directory or program of its own to one that may trace'];
const LINKS: Shown = ['integration/isolation/images', 'that makes /proc, /sys or /dev a link is refused'];
const PLACES: Shown = ['integration/isolation/images', 'that makes links of devices and of files under /etc has fresh ones all the same'];
const RACE: Shown = ['integration/volumes/hostile', 'that a neighbour swaps for a link while it is mounted on, five hundred times'];
const YOUNG: Shown = ['integration/privilege/reach', 'and the family of CVE-2022-0185: neither mounts nor namespaces nor what is young'];
const ACCOUNTS: Shown = ['rootfs/lookup', 'are not read for ever, nor waited for'];
const COPIED: Shown = ['integration/volumes/hostile', 'does not let a volume be filled from the host, nor made there'];
const TYPED: Shown = ['integration/run/terminal', 'the container cannot read the terminal from any descriptor or name, nor type on it'];
const SYSCTL: Shown = ['bundle/options', 'refuses all others, and no way out of their place'];
const GROUPS: Shown = ['integration/isolation/images', 'that closes a file to a group closes it to who is in that group by its files'];
const MASKED: Shown = ['integration/isolation/masked', 'the /proc around it, read-only, with what is hidden hidden'];
const LOG: Shown = ['integration/lifecycle/logs', 'nothing written inside can look like a line of the log'];

/** What they attack is not there: tsrun has no build yet. With it they need their tests. */
export const NOT_YET: Readonly<Record<string, string>> = { 'CVE-2024-1753 CVE-2024-9407 CVE-2024-9675': 'build' };

export const ATTACKS: Readonly<Record<string, readonly Shown[]>> = {
  'CVE-2019-5736': [
    ENTERING,
    ['integration/isolation/entering', 'is not what an image calls as #!/proc/self/exe gets hold of'],
    ['native/self-exe', 'cannot be reached from inside, though it is the caller’s to write'],
  ],
  'CVE-2016-9962': [ENTERING],
  'CVE-2024-21626': [
    ['integration/isolation/descriptors', 'of any number from 3 to 64 is refused or within the root, for run and exec'],
    ['integration/isolation/descriptors', 'of the caller’s is refused, although he passes it on, and it leads out'],
    ['integration/isolation/images', 'whose working directory is a descriptor of ours is refused'],
    SITUATION,
  ],
  'CVE-2019-19921 CVE-2023-27561 CVE-2023-28642': [LINKS, RACE],
  'CVE-2021-30465 CVE-2024-45310': [RACE],
  'CVE-2025-31133': [PLACES],
  'CVE-2025-52565': [PLACES],
  'CVE-2025-52881': [
    LINKS,
    ['bundle/volume', "['/a:/proc/sys/kernel', /"],
    ['integration/isolation/masked', 'it is not written to, nor does one variable stand for another'],
  ],
  'CVE-2026-41579 GHSA-7vwr-4279-7gq5': [LINKS],
  'CVE-2026-88264 CVE-2026-88265': [PLACES],
  'CVE-2019-16884': [['bundle/build', 'refuses an image that tries to reach the caller or the system']],
  'CVE-2021-43784': [
    ['native/fuzz', 'messages of its own processes'],
    ['native/malformed', 'every other kind is refused, with its reason'],
  ],
  'CVE-2022-29162 CVE-2022-27649 CVE-2022-27650': [['integration/privilege/granted', 'what a file may inherit is nothing']],
  'CVE-2022-2989 CVE-2022-2990 CVE-2022-2995 CVE-2022-36109': [GROUPS],
  'CVE-2023-25809': [SITUATION],
  'CVE-2022-0492 CVE-2022-0811': [SYSCTL],
  'CVE-2017-5226 CVE-2023-28100': [
    TYPED,
    ['integration/privilege/syscalls', 'are judged by the part of their arguments that the kernel looks at'],
  ],
  'CVE-2019-10063': [['integration/privilege/syscalls', 'are judged by the part of their arguments that the kernel looks at']],
  'CVE-2021-41133': [YOUNG],
  'CVE-2020-15257': [SITUATION],
  'CVE-2018-15664 CVE-2019-14271': [
    ['integration/files/hostile', 'neighbour that swaps a directory for a link all the time leads nothing astray'],
    ['integration/files/hostile', 'program, library or preload of the container is never loaded or run'],
  ],
  'CVE-2022-1227': [['integration/watch/top', 'tells of every process, from outside and from inside, and runs none']],
  'CVE-2024-9676 CVE-2024-9341': [ACCOUNTS, ['rootfs/lookup', 'are not those of the host, wherever links lead']],
  'CVE-2022-23648 CVE-2023-0778 CVE-2025-9566': [COPIED, ['integration/volumes/hostile', 'does not let an image’s VOLUME lead out of it']],
  'CVE-2024-42472': [
    ['integration/volumes/hostile', 'that a container has made a link of since is not followed in a volume'],
    ['integration/volumes/named', 'shows a part of it, which must be there and cannot lie outside'],
  ],
  'CVE-2024-32462': [['integration/run/arguments', 'or start with - arrive untouched']],
  'CVE-2016-3697': [['bundle/user', '1000:x:0:0:trap:/trap:/bin/sh']],
  'CVE-2021-20199': [['integration/network/ports', 'show their clients as the container itself']],
  'CVE-2022-0185 CVE-2021-3493 CVE-2023-0386 CVE-2023-2640 CVE-2024-1086': [YOUNG],
  'what /proc and /sys tell': [SITUATION, MASKED, ['security/paths', 'are the union of docker’s and podman’s of 2026']],
  'a fork bomb': [
    ['integration/isolation/bomb', 'ends at --ulimit nproc'],
    ['integration/isolation/bomb', 'a caller who may have no more processes is told so'],
  ],
  'a full /dev/shm, inotify': [['integration/isolation/bomb', 'hinders neither tsrun nor its own end']],
  'a log that fills the disk, or is forged': [LOG, ['integration/lifecycle/logs', 'rotates by size and reads on over the files']],
  'escape sequences for a terminal': [['cli/visible', 'leaves nothing that a terminal acts on']],
  'keys, descriptors, groups, sockets and variables of the caller': [
    SITUATION,
    ['integration/isolation/situation', 'outside would be all that is planted'],
  ],
};
