/* Standard streams: pipes, the pty inside the container, sessions. A terminal of the caller never enters the container itself. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

int op_pipe(struct context *c, const struct op *op)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	int read_end = name_end(c, op->args[0].name, "read", ends[0]);
	return name_end(c, op->args[0].name, "write", ends[1]) < 0 ? -1 : read_end;
}

int copy_of(struct context *c, const char *name)
{
	int fd = descriptor(c, name);
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/*
 * Where a relay writes. A terminal that is stopped must not stop us too, so it is opened anew: O_NONBLOCK belongs to the open file,
 * which we share with whoever called us. One that is not ours to open (after su) is written to as it is; so is a pty's master, which
 * would become another one.
 */
int output_of(struct context *c, const char *name)
{
	char path[64];
	int number, fd = copy_of(c, name);
	if (fd < 0 || !isatty(fd) || ioctl(fd, TIOCGPTN, &number) == 0)
		return fd;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return fd;
	close(fd);
	return own;
}

/* An output that the container holds itself: when its reader goes away, the run ends (see run.c). */
int op_watch(struct context *c, const struct op *op)
{
	c->watched = descriptor(c, op->args[0].name);
	return c->watched < 0 ? -1 : 0;
}

/* In the background this stops us, as every program that takes over its terminal: SIGTTOU is not blocked (main.c). */
int take_terminal(struct context *c, int fd)
{
	struct termios raw;
	if (tcgetattr(fd, &c->saved_terminal) < 0)
		return -1;
	c->terminal = fd;
	raw = c->saved_terminal;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw);
}

int op_terminal(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name), pty = descriptor(c, op->args[1].name);
	if (fd < 0 || pty < 0)
		return -1;
	c->pty = pty;
	return take_terminal(c, fd);
}

/* The caller's terminal, raw until we end: everything typed is the container's. */
int op_raw_terminal(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name);
	return fd < 0 ? -1 : take_terminal(c, fd);
}

/* At once: a terminal that nobody reads would keep us waiting for its output to drain. In the background it is the shell's by now. */
void restore_terminal(struct context *c)
{
	pid_t foreground = c->terminal < 0 ? -1 : tcgetpgrp(c->terminal);
	if (c->terminal >= 0 && (foreground < 0 || foreground == getpgrp()))
		tcsetattr(c->terminal, TCSANOW, &c->saved_terminal);
	c->terminal = -1;
}

/* A terminal that we have let go since the first run has the size that we last knew of. */
int op_window_size(struct context *c, const struct op *op)
{
	struct winsize size;
	int from = descriptor(c, op->args[0].name), to = descriptor(c, op->args[1].name);
	if (from < 0 || to < 0)
		return -1;
	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		c->window_size = size;
	else if (c->restarts == 0)
		return -1;
	c->window = from;
	c->pty = to;
	return ioctl(to, TIOCSWINSZ, &c->window_size);
}

/* A pty of the container's own devpts; the slave is opened through the master, never by a name inside the root. */
int op_pty_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name), unlock = 0;
	if (root < 0)
		return -1;
	note_path(c, "/dev/pts/ptmx");
	/* what is typed at a program that does not read must not stop the relay */
	int master = open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (master < 0 && errno == EACCES) /* the host's own is opened by another node, unless that is a link to this one */
		master = open_in_root(root, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (name_end(c, op->args[1].name, "master", master) < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return -1;
	return name_end(c, op->args[1].name, "slave", ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

int op_console_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name), slave = descriptor(c, op->args[1].name);
	if (root < 0 || slave < 0)
		return -1;
	note_path(c, "/dev/console");
	closing int tree = sys_open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	closing int place = make_in_root(root, "/dev/console", false);
	if (tree < 0 || place < 0)
		return -1;
	return sys_move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int op_new_session(struct context *c, const struct op *op)
{
	(void)c, (void)op;
	return setsid() < 0 ? -1 : 0;
}

int op_controlling_terminal(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name);
	return fd < 0 ? -1 : ioctl(fd, TIOCSCTTY, 0);
}

/* Onto a number that the program behind exec knows: 0 to 2, or one that was agreed on with it. Survives the exec. */
int op_dup(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[1].name), target = (int)op->args[0].number;
	if (fd < 0)
		return -1;
	if (fd == target)
		return fcntl(fd, F_SETFD, 0);
	if (target < 0 || target > 1023) {
		errno = EINVAL;
		return -1;
	}
	return vacate(c, target) < 0 || dup2(fd, target) < 0 ? -1 : 0;
}

/* The caller's, from 3 on: they keep their numbers and survive exec. One that the caller did not have may be one of ours by now. */
int op_pass_descriptors(struct context *c, const struct op *op)
{
	char number[16];
	for (int fd = 3; fd - 3 < op->args[0].number; fd++) {
		snprintf(number, sizeof number, "%d", fd);
		note_path(c, number);
		if (fd >= c->inherited_end) {
			errno = EBADF;
			return -1;
		}
		if (fcntl(fd, F_SETFD, 0) < 0)
			return -1;
	}
	return 0;
}

/* After so many seconds the run is ended with this status; when it was called by hand the words say why. */
int op_time_limit(struct context *c, const struct op *op)
{
	char *words = fill_text(c, op->args[2].span);
	if (!words || op->args[0].number < 0 || op->args[0].number > INT_MAX) {
		errno = words ? EINVAL : errno;
		free_text(&words);
		return -1;
	}
	free(c->time_limit_words);
	c->time_limit_words = words;
	c->time_limit = op->args[0].number;
	c->time_limit_status = (int)op->args[1].number;
	return 0;
}

int op_forward_signals(struct context *c, const struct op *op)
{
	c->signals_to = op->args[0].name;
	c->signal_manner = (int)op->args[1].number;
	return 0;
}
