/*
 * What a security module makes of this process at its next exec. It is told through a file of the process's own in /proc, and takes
 * it from nobody else: from no other process and, once there was an exec, through no descriptor that was opened before it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "context.h"
#include "init.h"
#include "operations.h"
#include "sys.h"

/* The image, or who is in the container already, must not have the word swallowed by another file. */
static int open_attribute(const char *name)
{
	char path[64];
	if ((size_t)snprintf(path, sizeof path, "self/attr/%s", name) >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = open_in_procfs(path, O_WRONLY);
	if (fd < 0 && errno == ENOENT)
		errno = EOPNOTSUPP; /* the module says ENOENT itself, of what it does not know */
	return fd;
}

/* In one piece: more than a page of it the kernel would cut off. */
int write_attribute(const char *name, const char *text)
{
	closing int fd = open_attribute(name);
	ssize_t size = fd < 0 ? -1 : write(fd, text, strlen(text));
	if (size >= 0 && (size_t)size < strlen(text))
		errno = EMSGSIZE;
	return size == (ssize_t)strlen(text) ? 0 : -1;
}

/* Only remembered: it is for the container's program, not for the copy of ours that exec may begin with. */
int op_exec_attribute(struct context *c, const struct op *op)
{
	free(c->attribute);
	free(c->attribute_text);
	c->attribute = fill_text(c, op->args[0].span);
	c->attribute_text = fill_text(c, op->args[1].span);
	return c->attribute && c->attribute_text ? 0 : -1;
}

/* Becomes what the text says, tells how that went, and ends when it is left alone: perhaps nobody may end it. */
static void become(const char *name, const char *text, int told, int asked)
{
	int error = write_attribute(name, text) < 0 ? errno : 0;
	ssize_t size = write(told, &error, sizeof error);
	while (size > 0 && read(asked, &error, sizeof error) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* 0, or why it cannot become so; EACCES with no path noted: it did, and may not be ended. */
static int try_to_end(struct context *c, pid_t pid, int told)
{
	int error = EIO;
	while (read(told, &error, sizeof error) < 0 && errno == EINTR)
		;
	if (kill(pid, SIGKILL) == 0 || error)
		return error;
	note_path(c, "");
	return EACCES;
}

/*
 * A module may let nobody signal what it confines. A container like that would outlive its runner, and no keeper could help it: so
 * something is put there first whose end costs nothing.
 */
int op_check_killable(struct context *c, const struct op *op)
{
	int told[2] = { -1, -1 }, asked[2] = { -1, -1 }, error = 0;
	freeing char *name = fill_text(c, op->args[0].span);
	freeing char *text = fill_text(c, op->args[1].span);
	if (!name || !text)
		return -1;
	note_path(c, text);
	pid_t pid = pipe2(told, O_CLOEXEC) < 0 || pipe2(asked, O_CLOEXEC) < 0 ? -1 : fork();
	error = errno;
	if (pid == 0) {
		close(asked[1]);
		become(name, text, told[1], asked[0]);
	}
	close_fd(&told[1]);
	if (pid > 0)
		error = try_to_end(c, pid, told[0]);
	close_fd(&told[0]);
	close_fd(&asked[0]);
	close_fd(&asked[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	errno = error;
	return error ? -1 : 0;
}
