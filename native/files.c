/* Files of the host, as the caller (or, in a process that has joined a user namespace, as its root). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

/* The text argument as a path, kept for a failure's record. */
static char *path_of(struct context *c, const struct arg *arg)
{
	char *path = fill_text(c, arg->span);
	if (path)
		note_path(c, path);
	return path;
}

int op_mkdir(struct context *c, const struct op *op)
{
	freeing char *path = path_of(c, &op->args[0]);
	return path ? mkdir(path, (mode_t)op->args[1].number) : -1;
}

/* Also to a descriptor that somebody who shares it has made non-blocking. */
int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n = write(fd, bytes, size);
		if (n < 0 && errno == EAGAIN)
			poll(&p, 1, -1);
		else if (n < 0 && errno != EINTR)
			return -1;
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* A file that could not be written whole is not left. */
static int write_new(const char *path, mode_t mode, const char *contents)
{
	closing int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	if (fchmod(fd, mode) == 0 && write_all(fd, contents, strlen(contents)) == 0)
		return 0;
	int saved = errno;
	unlink(path);
	errno = saved;
	return -1;
}

int op_write_file(struct context *c, const struct op *op)
{
	freeing char *contents = fill_text(c, op->args[2].span);
	freeing char *path = path_of(c, &op->args[0]);
	return path && contents ? write_new(path, (mode_t)op->args[1].number, contents) : -1;
}

/* By rename: a reader sees the old contents or the new, never half. */
int op_replace_file(struct context *c, const struct op *op)
{
	freeing char *contents = fill_text(c, op->args[2].span);
	freeing char *path = path_of(c, &op->args[0]);
	freeing char *temporary = NULL;
	if (!path || !contents || asprintf(&temporary, "%s.%d", path, (int)getpid()) < 0)
		return -1;
	unlink(temporary);
	if (write_new(temporary, (mode_t)op->args[1].number, contents) < 0)
		return -1;
	if (rename(temporary, path) == 0)
		return 0;
	int saved = errno;
	unlink(temporary);
	errno = saved;
	return -1;
}

/*
 * One write at the end of a file that others append to at the same time: nothing of theirs comes between. One that is full makes room
 * and is kept as PATH.1; under a lock, and only while it still has the name, or of two that find it full the second would throw the
 * first's away.
 */
static int open_for_append(const char *path, int64_t limit, size_t size)
{
	freeing char *full = NULL;
	struct stat opened, named;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &opened) < 0 || opened.st_size + (off_t)size <= limit || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return fd;
	if (lstat(path, &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev && asprintf(&full, "%s.1", path) > 0)
		rename(path, full);
	close_fd(&fd);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int op_append(struct context *c, const struct op *op)
{
	freeing char *text = fill_text(c, op->args[2].span);
	freeing char *path = path_of(c, &op->args[0]);
	size_t size = text ? strlen(text) : 0;
	closing int fd = path && text ? open_for_append(path, op->args[1].number, size) : -1;
	ssize_t n = fd < 0 ? -1 : write(fd, text, size);
	if (n >= 0 && (size_t)n < size)
		errno = ENOSPC;
	return n == (ssize_t)size ? 0 : -1;
}

int op_symlink(struct context *c, const struct op *op)
{
	freeing char *target = fill_text(c, op->args[0].span);
	freeing char *path = path_of(c, &op->args[1]);
	return target && path ? symlink(target, path) : -1;
}

int op_rename(struct context *c, const struct op *op)
{
	freeing char *from = path_of(c, &op->args[0]);
	freeing char *to = path_of(c, &op->args[1]);
	return from && to ? rename(from, to) : -1;
}

/* A directory that nobody holds locked; one that somebody does stays where it is, and so does one that is gone. */
int op_rename_unlocked(struct context *c, const struct op *op)
{
	freeing char *to = path_of(c, &op->args[1]);
	freeing char *from = path_of(c, &op->args[0]);
	closing int fd = from && to ? open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd < 0)
		return from && to && errno == ENOENT ? 0 : -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -1;
	return rename(from, to);
}

int op_chown(struct context *c, const struct op *op)
{
	freeing char *path = path_of(c, &op->args[0]);
	return path ? lchown(path, (uid_t)op->args[1].number, (gid_t)op->args[2].number) : -1;
}

int op_chown_descriptor(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name);
	return fd < 0 ? -1 : fchown(fd, (uid_t)op->args[1].number, (gid_t)op->args[2].number);
}

int op_mkfifo(struct context *c, const struct op *op)
{
	freeing char *path = path_of(c, &op->args[0]);
	return path ? mkfifo(path, (mode_t)op->args[1].number) : -1;
}

int op_remove(struct context *c, const struct op *op)
{
	freeing char *path = path_of(c, &op->args[0]);
	if (!path)
		return -1;
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	return errno == EISDIR ? rmdir(path) : -1;
}

int op_open(struct context *c, const struct op *op)
{
	freeing char *path = path_of(c, &op->args[0]);
	return path ? name_descriptor(c, op->args[2].name, open(path, (int)op->args[1].number | O_CLOEXEC, 0600)) : -1;
}

/* Who looks whether somebody holds it holds it himself for a moment. */
static int lock_soon(int fd, int how)
{
	for (int tries = 0; tries < 50; tries++) {
		if (flock(fd, how | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		usleep(10000);
	}
	errno = EWOULDBLOCK;
	return -1;
}

/* Held until our last process has ended: the kernel drops it then, whatever happened to us. */
int op_lock(struct context *c, const struct op *op)
{
	freeing char *path = path_of(c, &op->args[0]);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (fd < 0)
		return -1;
	if (lock_soon(fd, op->args[1].number ? LOCK_EX : LOCK_SH) < 0) {
		close_fd(&fd);
		return -1;
	}
	return name_descriptor(c, op->args[2].name, fd);
}

int op_chdir_host(struct context *c, const struct op *op)
{
	freeing char *path = path_of(c, &op->args[0]);
	return path ? chdir(path) : -1;
}

int op_enter_directory(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name);
	return fd < 0 ? -1 : fchdir(fd);
}

int op_print(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name);
	freeing char *text = fill_text(c, op->args[1].span);
	return fd < 0 || !text ? -1 : write_all(fd, text, strlen(text));
}
