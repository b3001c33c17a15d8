/* How a process gets its ids and namespaces: maps written from outside, namespaces of others joined. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statfs.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

/* What it says becomes the record's path. */
static const char *process_path(struct context *c, char *path, size_t size, pid_t pid, const char *name)
{
	snprintf(path, size, "/proc/%d/%s", (int)pid, name);
	note_path(c, path);
	return path + strlen("/proc/");
}

static int write_process_file(struct context *c, pid_t pid, const char *name, const char *text)
{
	char path[96];
	closing int fd = open_in_procfs(process_path(c, path, sizeof path, pid, name), O_WRONLY);
	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0; /* a map is taken whole or refused */
}

/* A namespace is a link of the kernel's own: what it leads to must be one. */
static int open_namespace(struct context *c, pid_t pid, const char *name)
{
	char path[96];
	struct statfs fs;
	closing int directory = open_in_procfs(process_path(c, path, sizeof path, pid, "ns"), O_RDONLY | O_DIRECTORY);
	int fd = directory < 0 ? -1 : openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0 && (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)) {
		close(fd);
		errno = EXDEV;
		return -1;
	}
	return fd;
}

struct mapper {
	const char *program;
	pid_t pid;
	int output;
};

/* The kernel takes no more lines of a map. */
#define MAX_MAP_LINES 340

/* newuidmap PID container host size …: the map's own words are its arguments. What it says is ours to read, not the caller's. */
static int start_mapper(struct context *c, struct mapper *m, pid_t pid, const char *map)
{
	char target[16], *words[2 + 3 * MAX_MAP_LINES + 1], *rest = NULL;
	freeing char *copy = strdup(map);
	size_t n = 0;
	int output[2];
	snprintf(target, sizeof target, "%d", (int)pid);
	words[n++] = (char *)m->program;
	words[n++] = target;
	for (char *word = copy ? strtok_r(copy, " \n", &rest) : NULL; word; word = strtok_r(NULL, " \n", &rest)) {
		if (n == 2 + 3 * MAX_MAP_LINES) {
			errno = E2BIG;
			return -1;
		}
		words[n++] = word;
	}
	words[n] = NULL;
	if (!copy || pipe2(output, O_CLOEXEC) < 0)
		return -1;
	m->output = output[0];
	m->pid = fork();
	if (m->pid == 0) {
		char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
		unblock_signals(c);
		if (dup2(descriptor(c, "null"), 0) < 0 || dup2(output[1], 1) < 0 || dup2(output[1], 2) < 0)
			_exit(126);
		execve(m->program, words, environment);
		_exit(127);
	}
	close(output[1]);
	return m->pid < 0 ? -1 : 0;
}

/* Reads to the end, however much it is: a program whose output nobody takes would not end, or not well. The beginning is kept. */
static void read_beginning(int fd, char *text, size_t room)
{
	char rest[512];
	size_t size = 0;
	ssize_t n;
	while ((n = size < room - 1 ? read(fd, text + size, room - 1 - size) : read(fd, rest, sizeof rest)) != 0)
		if (n > 0)
			size += size < room - 1 ? (size_t)n : 0;
		else if (errno != EINTR)
			break;
	text[size] = 0;
}

/* What it printed is the best explanation there is: its first line becomes the record's path, if there is not one already. */
static int finish_mapper(struct context *c, struct mapper *m, bool tell)
{
	char said[512];
	int status;
	if (m->pid < 0) {
		close_fd(&m->output);
		return -1;
	}
	read_beginning(m->output, said, sizeof said);
	close(m->output);
	said[strcspn(said, "\n")] = 0;
	while (waitpid(m->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (status_of(status) == 0)
		return 0;
	if (tell)
		note_path(c, *said ? said : m->program);
	errno = status_of(status) == 127 ? ENOENT : EPERM;
	return -1;
}

/* Both at once: they take 2 ms. The first failure is the one that is told. */
static int run_mappers(struct context *c, pid_t pid, struct mapper *u, const char *uids, struct mapper *g, const char *gids)
{
	int failed = start_mapper(c, u, pid, uids) < 0 || start_mapper(c, g, pid, gids) < 0 ? errno : 0;
	struct mapper *both[] = { u, g };
	for (size_t i = 0; i < 2; i++)
		if (finish_mapper(c, both[i], !failed) < 0 && !failed)
			failed = errno;
	errno = failed;
	return failed ? -1 : 0;
}

/* setgroups is denied first: without that the kernel refuses an unprivileged gid_map. */
int op_map_ids(struct context *c, const struct op *op)
{
	const struct peer *peer = find_peer(c, op->args[0].name);
	freeing char *uids = fill_text(c, op->args[1].span);
	freeing char *gids = fill_text(c, op->args[2].span);
	freeing char *newuidmap = fill_text(c, op->args[4].span);
	freeing char *newgidmap = fill_text(c, op->args[5].span);
	if (!peer || !uids || !gids || !newuidmap || !newgidmap)
		return -1;
	if (op->args[3].number && write_process_file(c, peer->pid, "setgroups", "deny") < 0)
		return -1;
	if (!*newuidmap)
		return write_process_file(c, peer->pid, "uid_map", uids) < 0 || write_process_file(c, peer->pid, "gid_map", gids) < 0 ? -1 : 0;
	struct mapper u = { newuidmap, -1, -1 }, g = { newgidmap, -1, -1 };
	note_path(c, newuidmap);
	return run_mappers(c, peer->pid, &u, uids, &g, gids);
}

/* A pid names a process only together with its start: a pid that was given anew must not be joined. */
int op_open_process(struct context *c, const struct op *op)
{
	pid_t pid = (pid_t)op->args[0].number;
	char expected[32], actual[32];
	int fd = sys_pidfd_open(pid);
	if (fd < 0)
		return -1;
	read_start_time(pid, actual, sizeof actual);
	snprintf(expected, sizeof expected, "%lld", (long long)op->args[1].number);
	if (strcmp(expected, actual) != 0) {
		close(fd);
		errno = ESRCH;
		return -1;
	}
	return name_descriptor(c, op->args[2].name, fd);
}

int op_open_namespace(struct context *c, const struct op *op)
{
	static const struct { int flag; const char *file; } files[] = {
		{ CLONE_NEWUSER, "user" }, { CLONE_NEWNS, "mnt" }, { CLONE_NEWNET, "net" }, { CLONE_NEWPID, "pid" },
		{ CLONE_NEWIPC, "ipc" }, { CLONE_NEWUTS, "uts" }, { CLONE_NEWCGROUP, "cgroup" },
		{ CLONE_NEWTIME, "time" },
	};
	const struct peer *peer = find_peer(c, op->args[0].name);
	for (size_t i = 0; peer && i < sizeof files / sizeof *files; i++)
		if (files[i].flag == op->args[1].number)
			return name_descriptor(c, op->args[2].name, open_namespace(c, peer->pid, files[i].file));
	if (peer)
		errno = EINVAL;
	return -1;
}

/* One setns of a pidfd enters all of them, the user namespace first; of a namespace file, that one. */
int op_join(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name);
	note_path(c, op->args[0].name);
	return fd < 0 ? -1 : setns(fd, (int)op->args[1].number);
}

int op_unshare(struct context *c, const struct op *op)
{
	(void)c;
	return unshare((int)op->args[0].number);
}
