/* Descriptors by name. A number means something only to the program behind exec, and the plan gives it there. */
#include "context.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "operations.h"
#include "sys.h"

int name_descriptor(struct context *c, const char *name, int fd)
{
	if (fd < 0)
		return -1;
	forget_descriptor(c, name);
	char *copy = strdup(name);
	if (!copy || c->descriptor_count == MAX_DESCRIPTORS) {
		free(copy);
		close(fd);
		errno = copy ? EMFILE : ENOMEM;
		return -1;
	}
	c->descriptors[c->descriptor_count++] = (struct descriptor){ copy, fd };
	return 0;
}

int name_end(struct context *c, const char *name, const char *end, int fd)
{
	char full[80];
	snprintf(full, sizeof full, "%s.%s", name, end);
	return name_descriptor(c, full, fd);
}

int descriptor(struct context *c, const char *name)
{
	for (size_t i = 0; i < c->descriptor_count; i++)
		if (strcmp(c->descriptors[i].name, name) == 0)
			return c->descriptors[i].fd;
	note_path(c, name);
	errno = EBADF;
	return -1;
}

/* Closes it and takes the name away. The standard streams stay open: others are copied onto them. */
void forget_descriptor(struct context *c, const char *name)
{
	for (size_t i = 0; i < c->descriptor_count; i++) {
		if (strcmp(c->descriptors[i].name, name) != 0)
			continue;
		if (c->descriptors[i].fd > 2)
			close(c->descriptors[i].fd);
		free((void *)c->descriptors[i].name);
		c->descriptors[i] = c->descriptors[--c->descriptor_count];
		return;
	}
}

/* For walks into the depth of a tree. The old limit is to be set again afterwards: it is the container's. */
int raise_descriptors(struct rlimit *old)
{
	if (getrlimit(RLIMIT_NOFILE, old) < 0)
		return -1;
	struct rlimit all = { old->rlim_max, old->rlim_max };
	setrlimit(RLIMIT_NOFILE, &all);
	return 0;
}

static int move_away(int *fd, int from)
{
	if (*fd != from)
		return 0;
	int copy = fcntl(from, F_DUPFD_CLOEXEC, from + 1);
	if (copy < 0)
		return -1;
	*fd = copy;
	return 0;
}

/*
 * Another descriptor is to get this number: whatever of ours has it by chance goes on under a higher one. The standard streams' names
 * go with their numbers.
 */
int vacate(struct context *c, int fd)
{
	if (fd <= 2)
		return 0;
	int *own[] = { &c->signal_fd, &c->report_fd, &c->self_fd, &c->sealed_fd };
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (move_away(own[i], fd) < 0)
			return -1;
	for (size_t i = 0; i < c->peer_count; i++)
		if (move_away(&c->peers[i].channel, fd) < 0 || move_away(&c->peers[i].pidfd, fd) < 0)
			return -1;
	for (size_t i = 0; i < c->descriptor_count; i++)
		if (move_away(&c->descriptors[i].fd, fd) < 0)
			return -1;
	return 0;
}

int op_close(struct context *c, const struct op *op)
{
	forget_descriptor(c, op->args[0].name);
	return 0;
}

static bool is_own(const struct context *c, int fd)
{
	bool own = fd == c->signal_fd || fd == c->self_fd || fd == c->sealed_fd || fd == c->report_fd;
	for (size_t i = 0; i < c->peer_count && !own; i++)
		own = fd == c->peers[i].channel || fd == c->peers[i].pidfd;
	for (size_t i = 0; i < c->descriptor_count && !own; i++)
		own = fd == c->descriptors[i].fd;
	return own;
}

/*
 * What the caller has open beside the standard streams, but for the first so many: whoever outlives him would hold it, and somebody
 * waits for its end. They are found by their names in /proc.
 */
int op_leave_descriptors(struct context *c, const struct op *op)
{
	DIR *all = opendir("/proc/self/fd");
	if (!all)
		return -1;
	for (struct dirent *entry; (entry = readdir(all));) {
		int fd = atoi(entry->d_name);
		if (fd - 3 >= op->args[0].number && fd != dirfd(all) && !is_own(c, fd))
			close(fd);
	}
	return closedir(all);
}
