/*
 * The processes of a container that has not a pid namespace of its own: the end of its first one is not the end of the others. They are
 * known by their mount namespace, which a container shares with nobody, which exec enters, and which needs a privilege to be left.
 */
#include "members.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "operations.h"
#include "sys.h"

static int look(const char *path, const struct stat *namespace)
{
	struct stat found;
	if (stat(path, &found) < 0)
		return -1;
	return found.st_dev == namespace->st_dev && found.st_ino == namespace->st_ino;
}

/* The namespaces of a process go with its first thread; the others may live on. */
static bool is_member(pid_t pid, const struct stat *namespace)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
	int found = look(path, namespace);
	if (found >= 0 || errno != ENOENT)
		return found > 0;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return false;
	for (struct dirent *task; found <= 0 && (task = readdir(tasks));) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/ns/mnt", (int)pid, atoi(task->d_name));
		found = atoi(task->d_name) > 0 ? look(path, namespace) : -1;
	}
	closedir(tasks);
	return found > 0;
}

/* proc(5): the state follows the name, which may hold anything. */
static bool is_stopped(pid_t pid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	closing int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	text[size < 0 ? 0 : size] = 0;
	const char *end = strrchr(text, ')');
	return !end || strchr("TtZX", end[2]) != NULL;
}

/* How many it was sent to. A pid may be given anew: what its descriptor names is looked at once more. */
static int signal_once(const struct stat *namespace, int sig)
{
	int sent = 0;
	DIR *all = opendir("/proc");
	for (struct dirent *entry; all && (entry = readdir(all));) {
		pid_t pid = atoi(entry->d_name);
		if (pid <= 0 || !is_member(pid, namespace) || (sig == SIGSTOP && is_stopped(pid)))
			continue;
		closing int fd = sys_pidfd_open(pid);
		sent += fd >= 0 && is_member(pid, namespace) && sys_pidfd_send_signal(fd, sig) == 0;
	}
	if (all)
		closedir(all);
	return sent;
}

/* What is started meanwhile is found the next time: it is over when twice nobody was left. */
static void signal_until_quiet(const struct stat *namespace, int sig)
{
	for (int quiet = 0, pause = 1; quiet < 2; pause = pause < 20 ? pause + 1 : pause) {
		quiet = signal_once(namespace, sig) ? 0 : quiet + 1;
		if (!quiet)
			poll(NULL, 0, pause);
	}
}

static int stat_namespace(struct context *c, const char *name, struct stat *namespace)
{
	int fd = descriptor(c, name);
	return fd < 0 ? -1 : fstat(fd, namespace);
}

/* From here on the end of what we wait for, or of ourselves, is theirs. The descriptor keeps the namespace's number from being another's. */
int op_members(struct context *c, const struct op *op)
{
	c->members = op->args[0].name;
	return descriptor(c, c->members) < 0 ? -1 : 0;
}

void end_members(struct context *c)
{
	struct stat namespace;
	if (c->members && stat_namespace(c, c->members, &namespace) == 0)
		signal_until_quiet(&namespace, SIGKILL);
}

/* To stop: until all stand. To go on: once. */
int op_signal_members(struct context *c, const struct op *op)
{
	struct stat namespace;
	int sig = (int)op->args[1].number;
	if (stat_namespace(c, op->args[0].name, &namespace) < 0)
		return -1;
	if (sig == SIGSTOP || sig == SIGKILL)
		signal_until_quiet(&namespace, sig);
	else
		signal_once(&namespace, sig);
	return 0;
}
