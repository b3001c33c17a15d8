/*
 * What happens to a volume before it is mounted, as the container's root, in the container's map. A volume is a tree that was cloned
 * while the process had the caller's uid: nothing here leaves that mount, and nothing follows a link out of it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

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

/* What becomes of each entry of a tree. */
struct change {
	uid_t uid;
	gid_t gid;
	const char *label; /* an SELinux context, and no new owner */
};

static const char LABEL[] = "security.selinux";

/* By a name of the descriptor, which may be a link's own. */
static bool has_label(int fd, const char *label)
{
	char path[32], old[512];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ssize_t size = getxattr(path, LABEL, old, sizeof old - 1);
	old[size > 0 ? size : 0] = '\0';
	return strcmp(old, label) == 0;
}

static int label_entry(int fd, const char *label)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return has_label(fd, label) ? 0 : setxattr(path, LABEL, label, strlen(label) + 1, 0);
}

/* What belongs to the user already is left as it is: a change of owner clears set-id bits. */
static int change_entry(int fd, const struct stat *stat, const struct change *change)
{
	if (change->label)
		return label_entry(fd, change->label);
	return stat->st_uid == change->uid && stat->st_gid == change->gid ? 0 : fchownat(fd, "", change->uid, change->gid, AT_EMPTY_PATH);
}

static int change_contents(struct context *c, int directory, const struct change *change);

/* One entry, by a descriptor of itself: a link is changed, not what it leads to. Another mount is another tree, a name that is gone is none. */
static int change_named(struct context *c, int directory, const char *name, const struct change *change)
{
	struct stat stat;
	closing int fd = sys_openat2(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_NO_XDEV);
	if (fd < 0)
		return errno == EXDEV || errno == ENOENT ? 0 : -1;
	if (fstat(fd, &stat) < 0 || change_entry(fd, &stat, change) < 0) {
		note_path(c, name);
		return -1;
	}
	return S_ISDIR(stat.st_mode) ? change_contents(c, openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), change) : 0;
}

/* Closes it. */
static int change_contents(struct context *c, int directory, const struct change *change)
{
	DIR *entries = directory < 0 ? NULL : fdopendir(directory);
	if (!entries) {
		close_fd(&directory);
		return -1;
	}
	int result = 0;
	for (struct dirent *entry; result == 0 && (entry = readdir(entries));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = change_named(c, directory, entry->d_name, change);
	int saved = errno;
	closedir(entries);
	errno = saved;
	return result;
}

/* A file, or a directory with all below, and itself at last: where it is changed, all is. */
static int change_tree(struct context *c, int tree, const struct change *change)
{
	struct stat stat;
	struct rlimit limit;
	int result = 0;
	if (tree < 0 || fstat(tree, &stat) < 0)
		return -1;
	if (S_ISDIR(stat.st_mode)) {
		if (raise_descriptors(&limit) < 0)
			return -1;
		result = change_contents(c, openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), change);
		int saved = errno;
		setrlimit(RLIMIT_NOFILE, &limit);
		errno = saved;
	}
	return result < 0 ? -1 : change_entry(tree, &stat, change);
}

int op_chown_tree(struct context *c, const struct op *op)
{
	struct change change = { (uid_t)op->args[1].number, (gid_t)op->args[2].number, NULL };
	return change_tree(c, descriptor(c, op->args[0].name), &change);
}

/* The second number: nobody but us ever puts anything there, so that it is all done when the directory itself has it. */
int op_relabel_tree(struct context *c, const struct op *op)
{
	freeing char *label = fill_text(c, op->args[1].span);
	int tree = descriptor(c, op->args[0].name);
	struct change change = { 0, 0, label };
	if (!label || tree < 0)
		return -1;
	return op->args[2].number && has_label(tree, label) ? 0 : change_tree(c, tree, &change);
}
