#!/bin/sh
# peer.sh COMMAND [ARG...]: runs another container tool on a host whose cgroups are the hybrid of v1 and v2, as root. crun and podman
# refuse to start there, and podman would move every process of the host's v2 root into a group of its own. So: a fresh v2 sub-cgroup,
# private mount and cgroup namespaces, and in them cgroup2 at /sys/fs/cgroup, as on a host that has nothing else.
set -u
hierarchy=/sys/fs/cgroup/unified
[ -d "$hierarchy" ] || hierarchy=/sys/fs/cgroup
group=$hierarchy/tsrun-bench.$$
mkdir "$group" || exit 125

leave() {
  echo 1 >"$group/cgroup.kill" 2>/dev/null
  # What was killed may need a moment to be gone.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$group" ] || return
    sleep 0.1
  done
}
trap leave EXIT
trap 'exit 143' HUP INT TERM

sh -c '
  echo $$ >"$0/cgroup.procs" || exit 125
  exec unshare --mount --cgroup --propagation private sh -c "
    umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || exit 125
    exec \"\$@\"" sh "$@"' "$group" "$@"
