/*
 * The processes of a container that has not a pid namespace of its own: the end of its first one is not the end of the others. They are
 * known by their mount namespace, which a container shares with nobody, which exec enters, and which needs a privilege to be left. Whose
 * program may not be read, or is setuid, does not show it to who is not root: he is known by his root, a mount that nobody else has. Without
 * namespaces they are known by a limit that means nothing to the kernel, RLIMIT_LOCKS: children inherit it, and a filter keeps it as it is.
 */
#include "members.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "observe.h"
#include "operations.h"
#include "sys.h"

struct members {
	struct stat namespace;
	int root; /* the mount, or -1 */
	uint64_t mark; /* of its processes, in place of both; or 0 */
};

static int look(const char *path, const struct members *members)
{
	struct stat found;
	if (stat(path, &found) < 0)
		return -1;
	return found.st_dev == members->namespace.st_dev && found.st_ino == members->namespace.st_ino;
}

/* Its file is read by anybody, whatever the process is. -1: it has gone. */
static int root_mount(pid_t pid)
{
	return number_in(pid, "mountinfo");
}

static ssize_t read_text(pid_t pid, const char *file, char *text, size_t room)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	closing int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, room - 1);
	text[size < 0 ? 0 : size] = 0;
	return size;
}

/* proc(5), what follows the name, which may hold anything: the state is the third field, the number of threads the twentieth. */
static const char *read_state(pid_t pid, char *text, size_t room)
{
	read_text(pid, "stat", text, room);
	const char *end = strrchr(text, ')');
	return end && end[1] ? end + 2 : NULL;
}

/* It only waits for its parent to look at it; where its first thread alone has ended it does not. */
static bool is_over(pid_t pid)
{
	char text[512];
	const char *at = read_state(pid, text, sizeof text);
	if (!at || !strchr("ZX", *at))
		return !at;
	for (int field = 3; at && field < 20; field++)
		at = strchr(at + 1, ' ');
	return !at || atoi(at + 1) <= 1;
}

static bool has_mark(pid_t pid, uint64_t mark)
{
	char text[4096], *end;
	read_text(pid, "limits", text, sizeof text);
	const char *line = strstr(text, "Max file locks");
	return line && strtoull(line + strcspn(line, "0123456789\n"), &end, 10) == mark && !is_over(pid);
}

/* The namespaces of a process go with its first thread; the others may live on. */
static bool is_member(pid_t pid, const struct members *members)
{
	char path[64];
	if (members->mark)
		return has_mark(pid, members->mark);
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
	int found = look(path, members);
	if (found < 0 && errno == EACCES)
		return members->root >= 0 && root_mount(pid) == members->root;
	if (found >= 0 || errno != ENOENT)
		return found > 0;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return false;
	for (struct dirent *task; found <= 0 && (task = readdir(tasks));) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/ns/mnt", (int)pid, atoi(task->d_name));
		found = atoi(task->d_name) > 0 ? look(path, members) : -1;
	}
	closedir(tasks);
	return found > 0;
}

static bool is_stopped(pid_t pid)
{
	char text[512];
	const char *state = read_state(pid, text, sizeof text);
	return !state || strchr("TtZX", *state) != NULL;
}

/* How many it was sent to. A pid may be given anew: what its descriptor names is looked at once more. */
static int signal_once(const struct members *members, int sig)
{
	int sent = 0;
	DIR *all = opendir("/proc");
	for (struct dirent *entry; all && (entry = readdir(all));) {
		pid_t pid = atoi(entry->d_name);
		if (pid <= 0 || !is_member(pid, members) || (sig == SIGSTOP && is_stopped(pid)))
			continue;
		closing int fd = sys_pidfd_open(pid);
		sent += fd >= 0 && is_member(pid, members) && sys_pidfd_send_signal(fd, sig) == 0;
	}
	if (all)
		closedir(all);
	return sent;
}

/* What is started meanwhile is found the next time: it is over when twice nobody was left. */
static void signal_until_quiet(const struct members *members, int sig)
{
	for (int quiet = 0, pause = 1; quiet < 2; pause = pause < 20 ? pause + 1 : pause) {
		quiet = signal_once(members, sig) ? 0 : quiet + 1;
		if (!quiet)
			poll(NULL, 0, pause);
	}
}

static int members_of(struct context *c, const char *name, int root, struct members *members)
{
	int fd = descriptor(c, name);
	*members = (struct members){ .root = root };
	return fd < 0 ? -1 : fstat(fd, &members->namespace);
}

/*
 * Arguments: the namespace, a process that has its root. From here on the end of what we wait for, or of ourselves, is theirs. The descriptor
 * keeps the namespace's number from being another's.
 */
int op_members(struct context *c, const struct op *op)
{
	const struct peer *peer = find_peer(c, op->args[1].name);
	c->members = op->args[0].name;
	if (!peer || descriptor(c, c->members) < 0)
		return -1;
	c->members_root = root_mount(peer->pid);
	return c->members_root < 0 ? -1 : 0;
}

/* The same where they have this number as their limit. */
int op_marked_members(struct context *c, const struct op *op)
{
	c->mark = (uint64_t)op->args[0].number;
	return 0;
}

/*
 * Of a process that was not one of them when it began: whoever ends them looks for them after the first one's end, and it has the mark by now.
 * So it is found, unless that end has come already.
 */
int op_check_alive(struct context *c, const struct op *op)
{
	struct pollfd first = { .fd = descriptor(c, op->args[0].name), .events = POLLIN };
	int ended = first.fd < 0 ? -1 : poll(&first, 1, 0);
	if (ended > 0)
		errno = ESRCH;
	return ended == 0 ? 0 : -1;
}

void end_members(struct context *c)
{
	struct members members = { .mark = c->mark };
	if (c->mark || (c->members && members_of(c, c->members, c->members_root, &members) == 0))
		signal_until_quiet(&members, SIGKILL);
}

/* To stop: until all stand. To go on: once. */
static int signal_all_of(const struct members *members, int sig)
{
	if (sig == SIGSTOP || sig == SIGKILL)
		signal_until_quiet(members, sig);
	else
		signal_once(members, sig);
	return 0;
}

/* Arguments: the namespace, the container's first process, the signal. */
int op_signal_members(struct context *c, const struct op *op)
{
	struct members members;
	int process = descriptor(c, op->args[1].name), sig = (int)op->args[2].number;
	if (process < 0 || members_of(c, op->args[0].name, root_mount((pid_t)descriptor_fact(process, "Pid:")), &members) < 0)
		return -1;
	return signal_all_of(&members, sig);
}

int op_signal_marked(struct context *c, const struct op *op)
{
	(void)c;
	struct members members = { .mark = (uint64_t)op->args[0].number };
	if (!members.mark) {
		errno = EINVAL;
		return -1;
	}
	return signal_all_of(&members, (int)op->args[1].number);
}
