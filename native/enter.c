/* How a process gets its ids and namespaces: maps written from outside, namespaces of others joined. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statfs.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

/* A file of a process in procfs; something mounted over /proc must not get what is meant for the kernel. */
static int open_process_file(struct context *c, pid_t pid, const char *name, int flags)
{
	char path[96];
	struct statfs fs;
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	note_path(c, path);
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0 && (fstatfs(fd, &fs) < 0 || (fs.f_type != PROC_SUPER_MAGIC && fs.f_type != NSFS_MAGIC))) {
		close(fd);
		errno = EXDEV;
		return -1;
	}
	return fd;
}

static int write_process_file(struct context *c, pid_t pid, const char *name, const char *text)
{
	closing int fd = open_process_file(c, pid, name, O_WRONLY);
	size_t size = strlen(text);
	return fd >= 0 && write(fd, text, size) == (ssize_t)size ? 0 : -1;
}

struct mapper {
	const char *program;
	pid_t pid;
	int output;
};

/* newuidmap PID container host size …: the map's own words are its arguments. */
static int start_mapper(struct context *c, struct mapper *m, pid_t pid, const char *map)
{
	char target[16], *words[256], *rest = NULL;
	freeing char *copy = strdup(map);
	size_t n = 0;
	int output[2];
	snprintf(target, sizeof target, "%d", (int)pid);
	words[n++] = (char *)m->program;
	words[n++] = target;
	for (char *word = strtok_r(copy, " \n", &rest); word && n < 255; word = strtok_r(NULL, " \n", &rest))
		words[n++] = word;
	words[n] = NULL;
	if (pipe2(output, O_CLOEXEC) < 0)
		return -1;
	m->output = output[0];
	m->pid = fork();
	if (m->pid == 0) {
		char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
		unblock_signals(c);
		dup2(output[1], 2);
		execve(m->program, words, environment);
		_exit(127);
	}
	close(output[1]);
	return m->pid < 0 ? -1 : 0;
}

/* What it printed is the best explanation there is: it becomes the record's path. */
static int finish_mapper(struct context *c, struct mapper *m)
{
	char said[512] = "";
	size_t size = 0;
	ssize_t n;
	int status;
	while (size < sizeof said - 1 && (n = read(m->output, said + size, sizeof said - 1 - size)) != 0)
		if (n > 0)
			size += (size_t)n;
		else if (errno != EINTR)
			break;
	close(m->output);
	said[strcspn(said, "\n")] = 0;
	while (waitpid(m->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (status_of(status) == 0)
		return 0;
	note_path(c, *said ? said : m->program);
	errno = status_of(status) == 127 ? ENOENT : EPERM;
	return -1;
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
	if (start_mapper(c, &u, peer->pid, uids) < 0 || start_mapper(c, &g, peer->pid, gids) < 0)
		return -1;
	int first = finish_mapper(c, &u);
	int saved = errno;
	char said[1024];
	snprintf(said, sizeof said, "%s", c->failed_path);
	int second = finish_mapper(c, &g);
	if (first < 0) {
		note_path(c, said);
		errno = saved;
	}
	return first < 0 || second < 0 ? -1 : 0;
}

/* A pid names a process only together with its start: a pid that was given anew must not be joined. */
int op_open_process(struct context *c, const struct op *op)
{
	pid_t pid = (pid_t)op->args[0].number;
	char expected[32];
	int fd = sys_pidfd_open(pid);
	if (fd < 0)
		return -1;
	note_start(c, pid);
	snprintf(expected, sizeof expected, "%lld", (long long)op->args[1].number);
	if (strcmp(expected, c->started_at) != 0) {
		close(fd);
		errno = ESRCH;
		return -1;
	}
	return name_descriptor(c, op->args[2].name, fd);
}

int op_open_namespace(struct context *c, const struct op *op)
{
	static const struct { int flag; const char *file; } files[] = {
		{ CLONE_NEWUSER, "ns/user" }, { CLONE_NEWNS, "ns/mnt" }, { CLONE_NEWNET, "ns/net" }, { CLONE_NEWPID, "ns/pid" },
		{ CLONE_NEWIPC, "ns/ipc" }, { CLONE_NEWUTS, "ns/uts" }, { CLONE_NEWCGROUP, "ns/cgroup" },
	};
	const struct peer *peer = find_peer(c, op->args[0].name);
	for (size_t i = 0; peer && i < sizeof files / sizeof *files; i++)
		if (files[i].flag == op->args[1].number)
			return name_descriptor(c, op->args[2].name, open_process_file(c, peer->pid, files[i].file, O_RDONLY));
	if (peer)
		errno = EINVAL;
	return -1;
}

/* One setns of a pidfd enters all of them, the user namespace first; of a namespace file, that one. */
int op_join(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name);
	return fd < 0 ? -1 : setns(fd, (int)op->args[1].number);
}
