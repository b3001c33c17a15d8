/* Paths inside the container's root. The image chose them: every step stays below the root, and no magic link is followed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

int open_in_root(int root, const char *path, int flags)
{
	for (int tries = 0; tries < 32; tries++) {
		int fd = sys_openat2(root, path, (uint64_t)(flags | O_CLOEXEC), 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
		if (fd >= 0 || errno != EAGAIN) /* EAGAIN: somebody renames meanwhile */
			return fd;
	}
	return -1;
}

static int make_following(int root, const char *path, bool directory, int links);

/* Opens the parent of the last component, making directories on the way; *last points at that component. */
static int open_parent(int root, char *path, const char **last, int links)
{
	char *slash = strrchr(path, '/');
	*last = slash ? slash + 1 : path;
	if (!slash || slash == path)
		return open_in_root(root, "/", O_PATH | O_DIRECTORY);
	*slash = 0;
	int fd = open_in_root(root, path, O_PATH | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT)
		fd = make_following(root, path, true, links);
	*slash = '/';
	return fd;
}

#define MAX_LINKS 40

/* Where a link in `directory` points to, as a path of the root. NULL when it is none. */
static char *link_target(int directory, const char *name, const char *path)
{
	char target[4096], *resolved = NULL;
	ssize_t size = readlinkat(directory, name, target, sizeof target - 1);
	if (size < 0)
		return NULL;
	target[size] = 0;
	int above = (int)(strrchr(path, '/') ? strrchr(path, '/') - path : 0);
	int printed = target[0] == '/' ? asprintf(&resolved, "%s", target) : asprintf(&resolved, "%.*s/%s", above, path, target);
	return printed < 0 ? NULL : resolved;
}

static int make_following(int root, const char *path, bool directory, int links)
{
	const char *last;
	int fd = open_in_root(root, path, O_PATH | (directory ? O_DIRECTORY : 0));
	if (fd >= 0 || errno != ENOENT)
		return fd;
	freeing char *copy = strdup(path);
	if (!copy)
		return -1;
	for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
		copy[n - 1] = 0;
	closing int parent = open_parent(root, copy, &last, links);
	if (parent < 0)
		return -1;
	/* what was made is not looked for by its path again: others may rename in a volume meanwhile */
	int made = directory ? mkdirat(parent, last, 0755) : openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made >= 0)
		return directory ? openat(parent, last, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : made;
	if (errno != EEXIST || links >= MAX_LINKS)
		return -1;
	/* what exists and cannot be opened is a link to nothing, as systemd's images have for /etc/resolv.conf: its target is made; or it has come just now */
	freeing char *target = link_target(parent, last, copy);
	return target || errno == EINVAL ? make_following(root, target ? target : path, directory, links + 1) : -1;
}

/* Opens what is at the path, made if it is missing: a directory, or an empty file. */
int make_in_root(int root, const char *path, bool directory)
{
	return make_following(root, path, directory, 0);
}

/* The same for a directory that must be one itself: an image whose /proc is a link would have it mounted elsewhere. */
int make_directory_in_root(int root, const char *path)
{
	int fd = open_in_root(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	return fd >= 0 || errno != ENOENT ? fd : make_following(root, path, true, MAX_LINKS);
}

/* Makes a directory where nothing is. What is there already is left for those to judge who want to use it. */
int op_mkdir_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	if (root < 0 || !path)
		return -1;
	note_path(c, path);
	closing int there = open_in_root(root, path, O_PATH | O_DIRECTORY);
	if (there >= 0 || errno != ENOENT)
		return 0;
	const char *last;
	closing int parent = open_parent(root, path, &last, 0);
	if (parent < 0 || mkdirat(parent, last, (mode_t)op->args[2].number) < 0)
		return -1;
	closing int made = openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return made < 0 ? -1 : fchmod(made, (mode_t)op->args[2].number);
}

int op_symlink_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	freeing char *target = fill_text(c, op->args[1].span);
	freeing char *path = fill_text(c, op->args[2].span);
	const char *last;
	if (root < 0 || !target || !path)
		return -1;
	note_path(c, path);
	closing int parent = open_parent(root, path, &last, 0);
	return parent < 0 ? -1 : symlinkat(target, parent, last);
}

int op_read_only_root(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	return root < 0 ? -1 : restrict_mount(root, MOUNT_ATTR_RDONLY, false);
}

/*
 * The old root comes to lie over the new one, with the staging tmpfs on top of it: both are detached, the topmost first. "/.." shows
 * what is mounted over the root, so it must be the root itself: nothing of the host is within reach.
 */
int op_pivot(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	struct stat here, above;
	if (root < 0 || fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return -1;
	if (umount2(".", MNT_DETACH) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -1;
	if (fstat(root, &here) < 0 || stat("/..", &above) < 0)
		return -1;
	if (here.st_dev != above.st_dev || here.st_ino != above.st_ino) {
		errno = EXDEV;
		return -1;
	}
	return 0;
}

#define CHDIR_TRY 1
#define CHDIR_AGAIN 2

/*
 * A working directory must lie below the root: /proc/self/fd/N of a leaked descriptor does not. Whom it is closed to is not the end
 * with CHDIR_TRY, because another one may enter it later in the plan; nor with CHDIR_AGAIN, if we are there already.
 */
int op_chdir(struct context *c, const struct op *op)
{
	char where[4096];
	freeing char *path = fill_text(c, op->args[0].span);
	if (!path)
		return -1;
	note_path(c, path);
	int64_t manner = op->args[1].number;
	if (chdir(path) < 0)
		return errno == EACCES && (manner == CHDIR_TRY || (manner == CHDIR_AGAIN && c->entered)) ? 0 : -1;
	c->entered = true;
	if (syscall(SYS_getcwd, where, sizeof where) < 0)
		return errno == ERANGE ? 0 : -1;
	if (where[0] != '/') {
		errno = EXDEV;
		return -1;
	}
	return 0;
}

/* The same of a path below a root that is not ours: its links lead nowhere else, whoever changes them meanwhile. */
int op_chdir_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	if (root < 0 || !path)
		return -1;
	note_path(c, path);
	closing int there = open_in_root(root, path, O_PATH | O_DIRECTORY);
	return there < 0 ? -1 : fchdir(there);
}
