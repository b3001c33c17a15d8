/*
 * A filter does not see where a descriptor leads, and the kernel asks of who changes a mode, an owner or times through one only whether the
 * file is his, not how it was opened. Where that is not enough the filter asks us (seccomp_unotify(2)), who are outside of the walls that
 * the asking process is in. We do what it asked for, in its place and through a descriptor of our own to the same file, when that lies below one
 * of the directories of the plan: nobody changes meanwhile what it leads to.
 */
#include "answer.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "operations.h"
#include "sys.h"

#define ROOM 512 /* for what later kernels add to their messages */

union asked {
	struct seccomp_notif call;
	char room[ROOM];
};

union answer {
	struct seccomp_notif_resp call;
	char room[ROOM];
};

/* The number may be that of one of its threads, which may have descriptors of its own. -1 with errno as the call itself would have it. */
static int open_its(pid_t thread, int number)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)thread, number);
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		errno = errno == ENOENT ? EBADF : EPERM;
	return fd;
}

/* The kernel says where it lies now; whoever could move it elsewhere may write in both places. */
static bool lies_below(int fd, char **directories)
{
	char link[64], path[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t size = readlink(link, path, sizeof path);
	for (; *directories && size > 0; directories++) {
		size_t length = strlen(*directories);
		if ((size_t)size >= length && memcmp(path, *directories, length) == 0 && ((size_t)size == length || path[length] == '/'))
			return true;
	}
	return false;
}

static int read_its(pid_t thread, uint64_t address, void *to, size_t size)
{
	struct iovec here = { to, size }, there = { (void *)(uintptr_t)address, size };
	ssize_t copied = process_vm_readv(thread, &here, 1, &there, 1, 0);
	if (copied < 0 && errno != EFAULT)
		errno = EPERM; /* who may be traced is the host's to say */
	else if (copied != (ssize_t)size)
		errno = EFAULT;
	return copied == (ssize_t)size ? 0 : -1;
}

static bool still_asks(int listener, uint64_t id)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static int change(const struct seccomp_notif *asked, int fd, const struct timespec *times)
{
	const __u64 *args = asked->data.args;
	switch (asked->data.nr) {
	case SYS_fchmod:
		return (int)syscall(SYS_fchmodat2, fd, "", (mode_t)args[1] & 07777, AT_EMPTY_PATH);
	case SYS_fchown:
		return fchownat(fd, "", (uid_t)args[1], (gid_t)args[2], AT_EMPTY_PATH);
	default:
		return (int)syscall(SYS_utimensat, fd, "", times, AT_EMPTY_PATH);
	}
}

static int answer_call(int listener, const struct seccomp_notif *asked, char **directories)
{
	const __u64 *args = asked->data.args;
	struct timespec times[2];
	bool timed = asked->data.nr == SYS_utimensat && args[2];
	if (asked->data.nr != SYS_fchmod && asked->data.nr != SYS_fchown && (asked->data.nr != SYS_utimensat || args[1] || args[3])) {
		errno = EINVAL;
		return -1;
	}
	closing int fd = open_its((pid_t)asked->pid, (int)args[0]);
	if (fd < 0 || (timed && read_its((pid_t)asked->pid, args[2], times, sizeof times) < 0))
		return -1;
	if (!still_asks(listener, asked->id) || !lies_below(fd, directories)) { /* the number could have become another's */
		errno = EPERM;
		return -1;
	}
	return change(asked, fd, timed ? times : NULL);
}

/* Arguments: the listener, real paths. From here on. */
int op_answer(struct context *c, const struct op *op)
{
	char **directories = fill_list(c, &op->args[1]);
	if (!directories)
		return -1;
	free_list(&c->answered_in);
	c->answered_in = directories;
	c->answered = op->args[0].name;
	return descriptor(c, c->answered) < 0 ? -1 : 0;
}

int answer_poll(struct context *c)
{
	return c->answered ? descriptor(c, c->answered) : -1;
}

void answer_event(struct context *c, int events)
{
	union asked asked = { 0 };
	union answer answer = { 0 };
	int listener = answer_poll(c);
	if (events & POLLIN && ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0) {
		answer.call.id = asked.call.id;
		answer.call.error = answer_call(listener, &asked.call, c->answered_in) < 0 ? -errno : 0;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer); /* who is gone needs none */
	} else if (events & ~POLLIN) /* nobody is left who could ask */
		c->answered = NULL;
}
