/* Removal of a tree that a container wrote: by descriptors, following nothing, within one mount, at any depth, in bounded memory. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

/* A directory in the tree. Where something is mounted over it the tree ends: what lies there is not ours to remove (EXDEV). */
static int open_below(int at, const char *name, int flags)
{
	return sys_openat2(at, name, (uint64_t)(flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 0, at == AT_FDCWD ? 0 : RESOLVE_NO_XDEV);
}

/* Modes are no obstacle: the directory is ours all the same. Its name may be given to a link meanwhile, which is not followed. */
static int make_accessible(int at, const char *name)
{
	char path[64];
	closing int fd = open_below(at, name, O_PATH);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : chmod(path, 0700);
}

static int open_directory(int at, const char *name)
{
	int fd = open_below(at, name, O_RDONLY);
	if (fd < 0 && errno == EACCES && make_accessible(at, name) == 0)
		fd = open_below(at, name, O_RDONLY);
	return fd;
}

/* Where the caller has no capability, even his own directory must let him write: mode 0555 is common in images. */
static int remove_name(int at, const char *name, int flags)
{
	int result = unlinkat(at, name, flags);
	if (result < 0 && errno == EACCES && at >= 0 && fchmod(at, 0700) == 0)
		result = unlinkat(at, name, flags);
	return result == 0 || errno == ENOENT ? 0 : -1;
}

/* How many directories were moved up, so far. */
static unsigned long moved;

/*
 * A tree deeper than descriptors last is flattened while it is removed: below the depth limit a directory is first moved up beside
 * `top`, where the outer loop meets it again.
 */
static int move_up(int at, const char *name, int top)
{
	char moved_name[48];
	snprintf(moved_name, sizeof moved_name, ".tsrun-%d-%lu", (int)getpid(), moved++);
	int result = renameat(at, name, top, moved_name);
	if (result < 0 && errno == EACCES && make_accessible(at, name) == 0 && fchmod(top, 0700) == 0)
		result = renameat(at, name, top, moved_name);
	return result;
}

static int remove_contents(int directory, int top, int depth)
{
	DIR *entries = fdopendir(directory);
	int result = 0;
	if (!entries) {
		close_fd(&directory);
		return -1;
	}
	for (struct dirent *entry; result == 0 && (entry = readdir(entries));) {
		if (is_dots(entry->d_name) || remove_name(dirfd(entries), entry->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			result = -1;
			break;
		}
		if (depth >= 64) {
			result = move_up(dirfd(entries), entry->d_name, top);
			continue;
		}
		int inner = open_directory(dirfd(entries), entry->d_name);
		result = inner < 0 ? -1 : remove_contents(inner, top, depth + 1);
		if (result == 0)
			result = remove_name(dirfd(entries), entry->d_name, AT_REMOVEDIR);
	}
	int saved = errno;
	closedir(entries);
	errno = saved;
	return result;
}

/* Empties a directory, again while flattening has moved something beside what was removed. */
static int empty_directory(int at, const char *name)
{
	closing int top = open_directory(at, name);
	for (;;) {
		int copy = top < 0 ? -1 : openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		unsigned long before = moved;
		if (copy < 0 || remove_contents(copy, top, 0) < 0)
			return -1;
		if (moved == before)
			return 0;
	}
}

static int remove_entry(int at, const char *name)
{
	if (remove_name(at, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	return empty_directory(at, name) < 0 ? -1 : remove_name(at, name, AT_REMOVEDIR);
}

int op_remove_tree(struct context *c, const struct op *op)
{
	freeing char *path = fill_text(c, op->args[0].span);
	if (!path)
		return -1;
	note_path(c, path);
	return remove_entry(AT_FDCWD, path);
}

int empty_tree(int directory)
{
	return empty_directory(directory, ".");
}

int op_remove_contents(struct context *c, const struct op *op)
{
	(void)c, (void)op;
	return empty_directory(AT_FDCWD, ".");
}
