/*
 * Idmapped mounts: a tree shows the ids of a user namespace's map as that namespace sees them, so that root's files are root's inside.
 *
 * The kernel maps a tree as a whole or not at all, and only mounts that were never attached; /proc or a cgroup in it cannot be mapped,
 * and have no owners that it would change. Such a tree is put together again, mount by mount, in a mount namespace that a process of
 * its own makes for that and that is gone with it:
 *
 *   caller                       worker (shares our descriptors, so the tree that it makes is ours)
 *   clone, new mount namespace ▶ for each mount: clone it alone, map it, attach it below those before it
 *   the worker's answer ◀─────── clone of the whole
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "context.h"
#include "observe.h"
#include "operations.h"
#include "sys.h"

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

struct answer {
	int error; /* 0, or errno and what it is about */
	int tree;
	char path[1024];
};

/* One of /proc/self/mountinfo (proc(5)). */
struct entry {
	int id;
	char *path;       /* its mount point; nothing else of ours lives longer than the line */
	const char *type;
};

static int set_idmap(int tree, int user, bool recursive)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user };
	return sys_mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr);
}

static bool listed(const char *const *types, const char *type)
{
	while (*types && strcmp(*types, type) != 0)
		types++;
	return *types != NULL;
}

/* Blanks and backslashes are written as three octal digits. */
static void unescape(char *text)
{
	char *to = text;
	for (const char *from = text; *from; to++) {
		unsigned code;
		if (*from == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
			*to = (char)code;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
}

/* id parent device root MOUNTPOINT options tags… - TYPE source options */
static bool read_entry(char *line, struct entry *entry)
{
	char *saved, *field = strtok_r(line, " \n", &saved);
	*entry = (struct entry){ .id = field ? atoi(field) : 0 };
	for (int index = 1; field && strcmp(field, "-") != 0; index++) {
		field = strtok_r(NULL, " \n", &saved);
		if (index == 4)
			entry->path = field;
	}
	entry->type = field ? strtok_r(NULL, " \n", &saved) : NULL;
	if (entry->path && entry->type)
		unescape(entry->path);
	return entry->path && entry->type;
}

/* Of the mount that a descriptor is on; -1 when that cannot be told. */
static int mount_id(int fd)
{
	return (int)descriptor_fact(fd, "mnt_id:");
}

/* The part of a path behind a directory that it lies in, or NULL. */
static const char *below(const char *path, const char *directory)
{
	size_t size = strcmp(directory, "/") == 0 ? 0 : strlen(directory);
	return strncmp(path, directory, size) == 0 && path[size] == '/' && path[size + 1] ? path + size + 1 : NULL;
}

struct work {
	int user;
	bool recursive;
	const char *const *types; /* file systems that have no owners to show */
	int tree;                 /* the kernel's own copy, which cannot be mapped */
	int source, top;          /* the tree as it is, and as it becomes: all at their roots */
	char base[4096];          /* the path of both */
};

/* A mount by itself, mapped: the one at `source`'s `name`. */
static int mapped(const struct work *work, const char *name, const char *type)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
	int tree = sys_open_tree(work->source, name, flags);
	if (tree >= 0 && set_idmap(tree, work->user, false) < 0 && !listed(work->types, type))
		close_fd(&tree);
	return tree;
}

/* An unbindable mount is none in the kernel's copy. */
static bool is_copied(const struct work *work, const char *name)
{
	struct statx stat;
	return statx(work->tree, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &stat) == 0 && stat.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* What another mount covers is not part of the tree that anybody sees. */
static int add_mount(struct work *work, const struct entry *entry)
{
	const char *name = below(entry->path, work->base);
	if (!name || !is_copied(work, name))
		return 0;
	closing int seen = sys_openat2(work->source, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS);
	if (seen < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (seen < 0 || mount_id(seen) != entry->id)
		return seen < 0 ? -1 : 0;
	closing int tree = mapped(work, name, entry->type);
	closing int place = tree < 0 ? -1 : sys_openat2(work->top, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS);
	return place < 0 ? -1 : sys_move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* The mount that the source is on: its own path, or one above it. The copy covers it. */
static int add_first(struct work *work, FILE *mounts)
{
	freeing char *line = NULL;
	size_t room = 0;
	struct entry entry;
	int id = mount_id(work->source);
	while (work->top < 0 && getline(&line, &room, mounts) >= 0) {
		if (!read_entry(line, &entry) || entry.id != id)
			continue;
		work->top = mapped(work, "", entry.type);
		if (work->top < 0)
			return -1;
	}
	if (work->top < 0) {
		errno = ENOENT;
		return -1;
	}
	rewind(mounts);
	return sys_move_mount(work->top, "", work->source, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static void close_file(FILE **file)
{
	int saved = errno;
	if (*file)
		fclose(*file);
	errno = saved;
}
#define closing_file __attribute__((cleanup(close_file)))

/* What is mounted meanwhile would be in the list, too: a copy of it, allocated. */
static char *read_mounts(void)
{
	char *all = NULL;
	size_t room = 0;
	closing_file FILE *mounts = fopen("/proc/self/mountinfo", "re");
	if (mounts && getdelim(&all, &room, 0, mounts) > 0)
		return all;
	free(all);
	return NULL;
}

/* A copied namespace names its mounts from the root on: what is above comes first. Returns the whole as one tree. */
static int put_together(struct work *work, const char *path, char *about, size_t size)
{
	char link[64];
	struct entry entry;
	freeing char *line = NULL;
	size_t room = 0;
	snprintf(about, size, "%s", path);
	if (unshare(CLONE_NEWNS) < 0)
		return -1;
	freeing char *all = read_mounts();
	/* Nothing that is done here reaches the host; what the host mounts later may still be asked for (rslave). */
	if (!all || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -1;
	closing_file FILE *mounts = fmemopen(all, strlen(all), "r");
	work->source = open(path, O_PATH | O_CLOEXEC);
	snprintf(link, sizeof link, "/proc/self/fd/%d", work->source);
	ssize_t got = work->source < 0 ? -1 : readlink(link, work->base, sizeof work->base - 1);
	if (!mounts || got < 0 || add_first(work, mounts) < 0)
		return -1;
	work->base[got] = 0;
	while (work->recursive && getline(&line, &room, mounts) >= 0) {
		if (!read_entry(line, &entry))
			continue;
		snprintf(about, size, "%s", entry.path);
		if (add_mount(work, &entry) < 0)
			return -1;
	}
	return sys_open_tree(work->top, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
}

/* In the worker. What it opens besides the tree is closed again, for its descriptors are the caller's. */
static void answer(int channel, const char *path, struct work work)
{
	struct answer answer = { .tree = -1 };
	answer.tree = put_together(&work, path, answer.path, sizeof answer.path);
	answer.error = answer.tree < 0 ? errno : 0;
	close_fd(&work.source);
	close_fd(&work.top);
	write_all(channel, (const char *)&answer, sizeof answer);
}

static int map_each(struct context *c, const char *path, struct work work)
{
	struct answer told = { .tree = -1, .error = EIO };
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t worker = (pid_t)syscall(SYS_clone, CLONE_FILES, NULL, NULL, NULL, 0);
	if (worker == 0) {
		answer(ends[1], path, work);
		_exit(0);
	}
	if (worker < 0)
		told.error = errno;
	else
		while (waitpid(worker, NULL, __WALL) < 0 && errno == EINTR)
			;
	close_fd(&ends[1]);
	ssize_t got = read(ends[0], &told, sizeof told);
	close_fd(&ends[0]);
	if (got == (ssize_t)sizeof told && told.path[0])
		note_path(c, told.path);
	errno = told.error;
	return told.tree;
}

int op_idmap_tree(struct context *c, const struct op *op)
{
	int tree = descriptor(c, op->args[0].name), user = descriptor(c, op->args[1].name);
	freeing char *path = fill_text(c, op->args[2].span);
	bool recursive = op->args[3].number;
	freeing_list char **types = fill_list(c, &op->args[4]);
	if (tree < 0 || user < 0 || !path || !types)
		return -1;
	note_path(c, path);
	if (set_idmap(tree, user, recursive) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	struct work work = { .user = user, .recursive = recursive, .types = (const char *const *)types, .tree = tree, .source = -1, .top = -1 };
	return name_descriptor(c, op->args[0].name, map_each(c, path, work));
}
