/*
 * A copy of a tree with all that it has: owners, modes, times in nanoseconds, extended attributes, holes, names of one file. Blocks are
 * shared with the original where the file system can. The original is a layer of ours that nobody changes meanwhile.
 */
#include <dirent.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

struct name {
	ino_t inode; /* 0: free */
	char *path;
};

struct copy {
	int target;
	char path[PATH_MAX]; /* of the entry at hand, below the target */
	struct name *names;  /* of files that have several: open addressing, at most half full */
	size_t room, used;
};

static struct name *look_up(struct name *names, size_t room, ino_t inode)
{
	size_t at = (size_t)(inode * 0x9E3779B97F4A7C15ULL) & (room - 1);
	while (names[at].inode && names[at].inode != inode)
		at = (at + 1) & (room - 1);
	return &names[at];
}

static int remember(struct copy *copy, ino_t inode)
{
	if (2 * (copy->used + 1) > copy->room) {
		size_t room = copy->room ? 2 * copy->room : 256;
		struct name *names = calloc(room, sizeof *names);
		if (!names)
			return -1;
		for (size_t i = 0; i < copy->room; i++)
			if (copy->names[i].inode)
				*look_up(names, room, copy->names[i].inode) = copy->names[i];
		free(copy->names);
		copy->names = names;
		copy->room = room;
	}
	char *path = strdup(copy->path);
	if (!path)
		return -1;
	*look_up(copy->names, copy->room, inode) = (struct name){ inode, path };
	copy->used++;
	return 0;
}

static const char *first_name(const struct copy *copy, ino_t inode)
{
	const struct name *found = copy->room ? look_up(copy->names, copy->room, inode) : NULL;
	return found && found->inode ? found->path : NULL;
}

static int copy_by_hand(int from, int to, off_t at, off_t end)
{
	char buffer[65536];
	while (at < end) {
		size_t size = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
		ssize_t n = pread(from, buffer, size, at);
		if (n <= 0)
			return n < 0 ? -1 : 0;
		for (ssize_t done = 0, written; done < n; done += written)
			if ((written = pwrite(to, buffer + done, (size_t)(n - done), at + done)) < 0)
				return -1;
		at += n;
	}
	return 0;
}

static int copy_range(int from, int to, off_t at, off_t end)
{
	while (at < end) {
		off_t source = at, target = at;
		ssize_t n = copy_file_range(from, &source, to, &target, (size_t)(end - at), 0);
		if (n < 0 && errno != ENOSPC && errno != EDQUOT && errno != EIO)
			return copy_by_hand(from, to, at, end);
		if (n <= 0)
			return n < 0 ? -1 : 0;
		at += n;
	}
	return 0;
}

static int copy_contents(int from, int to, off_t size)
{
	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	for (off_t at = 0; at < size;) {
		off_t data = lseek(from, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
		if (hole < 0) { /* a file system that does not know its holes */
			data = at;
			hole = size;
		}
		if (copy_range(from, to, data, hole) < 0)
			return -1;
		at = hole;
	}
	return ftruncate(to, size);
}

/* What this namespace may not set, or this file system not hold, was not there to begin with as far as the container can tell. */
static int copy_attributes(int from, int to)
{
	char names[65536], value[65536];
	ssize_t size = flistxattr(from, names, sizeof names);
	if (size < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		ssize_t n = fgetxattr(from, name, value, sizeof value);
		if (n < 0 || fsetxattr(to, name, value, (size_t)n, 0) == 0)
			continue;
		if (errno != ENOTSUP && errno != EPERM)
			return -1;
	}
	return 0;
}

/* In this order: a new owner clears the set-id bits and file capabilities, and everything but times changes times. */
static int copy_metadata(int from, int to, const struct stat *stat)
{
	struct timespec times[2] = { stat->st_atim, stat->st_mtim };
	if (fchown(to, stat->st_uid, stat->st_gid) < 0 || fchmod(to, stat->st_mode & 07777) < 0)
		return -1;
	return copy_attributes(from, to) < 0 ? -1 : futimens(to, times);
}

static int copy_file(int from_directory, int to_directory, const char *name, const struct stat *stat)
{
	closing int from = openat(from_directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	closing int to = from < 0 ? -1 : openat(to_directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return to < 0 || copy_contents(from, to, stat->st_size) < 0 ? -1 : copy_metadata(from, to, stat);
}

static int copy_other(int from_directory, int to_directory, const char *name, const struct stat *stat)
{
	char link[PATH_MAX];
	struct timespec times[2] = { stat->st_atim, stat->st_mtim };
	if (S_ISLNK(stat->st_mode)) {
		ssize_t n = readlinkat(from_directory, name, link, sizeof link - 1);
		if (n < 0)
			return -1;
		link[n] = 0;
		if (symlinkat(link, to_directory, name) < 0)
			return -1;
	} else if (mknodat(to_directory, name, stat->st_mode, stat->st_rdev) < 0) {
		return -1;
	}
	if (fchownat(to_directory, name, stat->st_uid, stat->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISLNK(stat->st_mode) && fchmodat(to_directory, name, stat->st_mode & 07777, 0) < 0)
		return -1;
	return utimensat(to_directory, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_directory(struct copy *copy, int from, int to, size_t length);

static int copy_entry(struct copy *copy, int from_directory, int to_directory, const char *name, size_t length)
{
	struct stat stat;
	if (fstatat(from_directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISDIR(stat.st_mode)) {
		if (mkdirat(to_directory, name, 0700) < 0)
			return -1;
		int from = openat(from_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		closing int to = openat(to_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return copy_directory(copy, from, to, length);
	}
	const char *first = stat.st_nlink > 1 ? first_name(copy, stat.st_ino) : NULL;
	if (first)
		return linkat(copy->target, first, to_directory, name, 0);
	if (stat.st_nlink > 1 && remember(copy, stat.st_ino) < 0)
		return -1;
	return S_ISREG(stat.st_mode) ? copy_file(from_directory, to_directory, name, &stat) : copy_other(from_directory, to_directory, name, &stat);
}

/* Closes `from`. @length of copy->path so far. Metadata last: every entry made inside changes the times. */
static int copy_directory(struct copy *copy, int from, int to, size_t length)
{
	struct stat stat;
	DIR *entries = from < 0 || to < 0 ? NULL : fdopendir(from);
	if (!entries) {
		close_fd(&from);
		return -1;
	}
	int result = 0;
	for (struct dirent *entry; result == 0 && (entry = readdir(entries));) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		int n = snprintf(copy->path + length, sizeof copy->path - length, "%s%s", length ? "/" : "", name);
		if (length + (size_t)n >= sizeof copy->path) {
			errno = ENAMETOOLONG;
			result = -1;
			break;
		}
		result = copy_entry(copy, dirfd(entries), to, name, length + (size_t)n);
		if (result < 0)
			break; /* copy->path says where */
		copy->path[length] = 0;
	}
	if (result == 0)
		result = fstat(dirfd(entries), &stat) < 0 ? -1 : copy_metadata(dirfd(entries), to, &stat);
	int saved = errno;
	closedir(entries);
	errno = saved;
	return result;
}

/* Closes `from`. Two descriptors for each directory that it is deep: the limit is the container's again afterwards. */
int copy_tree(struct context *c, int from, int to)
{
	struct rlimit limit;
	struct copy *copy = calloc(1, sizeof *copy);
	if (!copy || raise_descriptors(&limit) < 0) {
		free(copy);
		close_fd(&from);
		return -1;
	}
	copy->target = to;
	int result = copy_directory(copy, from, to, 0);
	int saved = errno;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (result < 0 && copy->path[0])
		note_path(c, copy->path);
	for (size_t i = 0; i < copy->room; i++)
		free(copy->names[i].path);
	free(copy->names);
	free(copy);
	errno = saved;
	return result;
}

int op_copy_tree(struct context *c, const struct op *op)
{
	freeing char *source = fill_text(c, op->args[0].span);
	freeing char *target = fill_text(c, op->args[1].span);
	if (!source || !target)
		return -1;
	note_path(c, source);
	int from = open(source, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	closing int to = open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return copy_tree(c, from, to);
}
