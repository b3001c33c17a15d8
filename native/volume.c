/*
 * What happens to a volume before it is mounted, as the container's root, in the container's map. A volume is a tree that was cloned
 * while the process had the caller's uid: nothing here leaves that mount, and nothing follows a link out of it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

/* A part of a tree, which must be attached somewhere: older kernels clone nothing else. */
int op_subtree(struct context *c, const struct op *op)
{
	int tree = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	if (tree < 0 || !path)
		return -1;
	note_path(c, path);
	closing int place = open_in_root(tree, path, O_PATH);
	return place < 0 ? -1 : name_descriptor(c, op->args[2].name, clone_mount(place, "", true));
}

static int is_empty(int directory)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	if (!entries) {
		close_fd(&copy);
		return -1;
	}
	struct dirent *entry;
	errno = 0;
	do
		entry = readdir(entries);
	while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	int result = entry ? 0 : errno ? -1 : 1;
	closedir(entries);
	return result;
}

static int is_same(int one, int other)
{
	struct stat a, b;
	if (fstat(one, &a) < 0 || fstat(other, &b) < 0)
		return -1;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The mark has a byte while a copy is being made: what a killed one has left is taken away and copied anew. */
static int copy_once(struct context *c, int root, const char *path, int to, int mark)
{
	struct stat stat;
	if (fstat(mark, &stat) < 0 || (stat.st_size > 0 && empty_tree(to) < 0))
		return -1;
	int empty = is_empty(to);
	if (empty <= 0)
		return empty;
	int from = open_in_root(root, path, O_RDONLY | O_DIRECTORY);
	if (from < 0)
		return errno == ENOENT ? ftruncate(mark, 0) : -1; /* the image has nothing there */
	int whole = is_same(from, root);
	if (whole != 0) {
		close_fd(&from);
		errno = whole > 0 ? EBUSY : errno;
		return -1;
	}
	if (pwrite(mark, "+", 1, 0) != 1) {
		close_fd(&from);
		return -1;
	}
	return copy_tree(c, from, to) < 0 ? -1 : ftruncate(mark, 0);
}

/* An empty volume gets what the image has at its destination. Two that come at once: one copies, the other waits and finds it done. */
int op_copy_up(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name), tree = descriptor(c, op->args[2].name), mark = descriptor(c, op->args[3].name);
	freeing char *path = fill_text(c, op->args[1].span);
	if (root < 0 || tree < 0 || mark < 0 || !path)
		return -1;
	note_path(c, path);
	closing int to = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return -1;
	while (flock(mark, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	int result = copy_once(c, root, path, to, mark);
	int saved = errno;
	flock(mark, LOCK_UN);
	errno = saved;
	return result;
}

static int give(int fd, const struct stat *stat, uid_t uid, gid_t gid)
{
	return stat->st_uid == uid && stat->st_gid == gid ? 0 : fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
}

static int give_contents(struct context *c, int directory, uid_t uid, gid_t gid);

/* One entry, by a descriptor of itself: a link is given, not what it leads to. Another mount is another tree, a name that is gone is none. */
static int give_entry(struct context *c, int directory, const char *name, uid_t uid, gid_t gid)
{
	struct stat stat;
	closing int fd = sys_openat2(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_NO_XDEV);
	if (fd < 0)
		return errno == EXDEV || errno == ENOENT ? 0 : -1;
	if (fstat(fd, &stat) < 0 || give(fd, &stat, uid, gid) < 0) {
		note_path(c, name);
		return -1;
	}
	return S_ISDIR(stat.st_mode) ? give_contents(c, openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), uid, gid) : 0;
}

/* Closes it. */
static int give_contents(struct context *c, int directory, uid_t uid, gid_t gid)
{
	DIR *entries = directory < 0 ? NULL : fdopendir(directory);
	if (!entries) {
		close_fd(&directory);
		return -1;
	}
	int result = 0;
	for (struct dirent *entry; result == 0 && (entry = readdir(entries));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = give_entry(c, directory, entry->d_name, uid, gid);
	int saved = errno;
	closedir(entries);
	errno = saved;
	return result;
}

/* A directory with all below, or a file. What belongs to the user already is left as it is: a change of owner clears set-id bits. */
int op_chown_tree(struct context *c, const struct op *op)
{
	int tree = descriptor(c, op->args[0].name);
	uid_t uid = (uid_t)op->args[1].number;
	gid_t gid = (gid_t)op->args[2].number;
	struct stat stat;
	struct rlimit limit;
	if (tree < 0 || fstat(tree, &stat) < 0 || give(tree, &stat, uid, gid) < 0)
		return -1;
	if (!S_ISDIR(stat.st_mode))
		return 0;
	if (raise_descriptors(&limit) < 0)
		return -1;
	int result = give_contents(c, openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), uid, gid);
	int saved = errno;
	setrlimit(RLIMIT_NOFILE, &limit);
	errno = saved;
	return result;
}
