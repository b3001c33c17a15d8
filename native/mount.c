/*
 * Mounts. Sources are trees cloned before the process gives up the caller's uid; destinations are descriptors resolved inside the
 * root; both are joined by move_mount, so no path is looked up twice.
 */
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

int op_open_tree(struct context *c, const struct op *op)
{
	freeing char *path = fill_text(c, op->args[0].span);
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (op->args[1].number ? AT_RECURSIVE : 0);
	if (!path)
		return -1;
	note_path(c, path);
	return name_descriptor(c, op->args[2].name, sys_open_tree(AT_FDCWD, path, flags));
}

int op_propagation(struct context *c, const struct op *op)
{
	(void)c;
	return mount(NULL, "/", NULL, (unsigned long)op->args[0].number, NULL);
}

static int new_mount(const char *type, unsigned attr, const char *const *options)
{
	closing int fs = sys_fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return -1;
	for (; options && *options; options++) {
		const char *value = strchr(*options, '=');
		freeing char *key = strndup(*options, value ? (size_t)(value - *options) : strlen(*options));
		if (!key || sys_fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value ? value + 1 : NULL, 0) < 0)
			return -1;
	}
	return sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -1 : sys_fsmount(fs, FSMOUNT_CLOEXEC, attr);
}

/* Attached nowhere yet: it shows the namespace of this process, for another one to attach. */
int op_new_mount(struct context *c, const struct op *op)
{
	freeing char *type = fill_text(c, op->args[0].span);
	return type ? name_descriptor(c, op->args[1].name, new_mount(type, 0, NULL)) : -1;
}

/*
 * A private tmpfs over "/": our root stays what it was, relative names now lie in the tmpfs. Overlay clones its layers only from
 * mounts of its own namespace, and short relative names keep the options of 120 layers in one page. Over another directory, for a
 * program that wants absolute names.
 */
int op_staging(struct context *c, const struct op *op)
{
	freeing char *path = fill_text(c, op->args[0].span);
	const char *options[] = { "mode=0700", NULL };
	if (!path)
		return -1;
	note_path(c, path);
	closing int tmpfs = new_mount("tmpfs", 0, options);
	if (tmpfs < 0 || sys_move_mount(tmpfs, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -1;
	return fchdir(tmpfs);
}

/* A mount that is served through a descriptor of /dev/fuse, attached nowhere yet. Whoever mounts it may look: so may all inside. */
int op_fuse(struct context *c, const struct op *op)
{
	int device = descriptor(c, op->args[0].name);
	freeing char *source = fill_text(c, op->args[1].span);
	char fd[16];
	closing int fs = sys_fsopen("fuse", FSOPEN_CLOEXEC);
	if (device < 0 || !source || fs < 0)
		return -1;
	snprintf(fd, sizeof fd, "%d", device);
	const char *options[][2] = { { "source", source }, { "fd", fd }, { "rootmode", "40000" }, { "user_id", "0" }, { "group_id", "0" } };
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (sys_fsconfig(fs, FSCONFIG_SET_STRING, options[i][0], options[i][1], 0) < 0)
			return -1;
	if (sys_fsconfig(fs, FSCONFIG_SET_FLAG, "default_permissions", NULL, 0) < 0 || sys_fsconfig(fs, FSCONFIG_SET_FLAG, "allow_other", NULL, 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return name_descriptor(c, op->args[2].name, sys_fsmount(fs, FSMOUNT_CLOEXEC, 0));
}

int op_mount(struct context *c, const struct op *op)
{
	freeing char *source = fill_text(c, op->args[0].span);
	freeing char *target = fill_text(c, op->args[1].span);
	freeing char *type = fill_text(c, op->args[2].span);
	freeing char *data = fill_text(c, op->args[4].span);
	if (!source || !target || !type || !data)
		return -1;
	note_path(c, target);
	return mount(source, target, type, (unsigned long)op->args[3].number, data);
}

/*
 * What happens to the mounts at the source happens to this one no more than the plan says. Kernels before 5.12 change a mount by its
 * name, once it is attached.
 */
static int set_propagation(int tree, uint64_t how)
{
	char path[64];
	struct mount_attr attr = { .propagation = how & ~(uint64_t)MS_REC };
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (how & MS_REC ? AT_RECURSIVE : 0), &attr) == 0)
		return 0;
	if (errno != ENOSYS)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", tree);
	return mount(NULL, path, NULL, (unsigned long)how, NULL);
}

int op_attach(struct context *c, const struct op *op)
{
	int tree = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	if (tree < 0 || !path)
		return -1;
	note_path(c, path);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	if (sys_move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -1;
	return set_propagation(tree, MS_PRIVATE | MS_REC); /* a root that is shared with the host could not be pivoted to */
}

/* A link of the image may lead back to the root: nothing is mounted over all of it. */
static int refuse_root(int root, int place)
{
	struct stat all, here;
	if (place < 0 || fstat(root, &all) < 0 || fstat(place, &here) < 0)
		return -1;
	if (all.st_dev != here.st_dev || all.st_ino != here.st_ino)
		return 0;
	errno = EBUSY;
	return -1;
}

static int attach_at(int tree, int root, int place)
{
	return refuse_root(root, place) < 0 ? -1 : sys_move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

#define MAY_BE_REFUSED 1
#define FOLLOW_LINKS 2

/*
 * A new file system at a directory of the root. The number after the attributes allows the kernel to refuse it, or the image to have a
 * link there.
 */
int op_mount_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	freeing char *type = fill_text(c, op->args[2].span);
	char **options = fill_list(c, &op->args[5]);
	if (root < 0 || !path || !type || !options)
		return -1;
	note_path(c, path);
	closing int made = new_mount(type, (unsigned)op->args[3].number, (const char *const *)options);
	if (made < 0)
		return op->args[4].number & MAY_BE_REFUSED && (errno == EPERM || errno == ENODEV || errno == EINVAL || errno == EBUSY) ? 0 : -1;
	closing int place = op->args[4].number & FOLLOW_LINKS ? make_in_root(root, path, true) : make_directory_in_root(root, path);
	return attach_at(made, root, place);
}

/*
 * Kernels before 5.12 lack mount_setattr. The older call changes one mount, once it is attached, and wants its locked flags said
 * again; what should be recursive there stays an error (ENOSYS) rather than becoming half of what was asked. A mount over a file has
 * no working directory to stand in, so it is named by its descriptor; /proc is the host's, for our root is still.
 */
static int restrict_older(int tree, uint64_t set)
{
	char path[64];
	struct statvfs now;
	unsigned long flags = MS_REMOUNT | MS_BIND | (set & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0) | (set & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0) |
			      (set & MOUNT_ATTR_NODEV ? MS_NODEV : 0) | (set & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0);
	if (fstatvfs(tree, &now) < 0)
		return -1;
	flags |= now.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_NODIRATIME);
	snprintf(path, sizeof path, "/proc/self/fd/%d", tree);
	return mount(NULL, path, NULL, flags, NULL);
}

int restrict_mount(int mount, uint64_t set, bool recursive)
{
	struct mount_attr attr = { .attr_set = set };
	if (sys_mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr) == 0)
		return 0;
	return errno == ENOSYS && !recursive ? restrict_older(mount, set) : -1;
}

/* Nothing runs in the container yet: it does not matter that the attributes come after the mount. */
static int attach_restricted(int tree, int place, uint64_t set, bool recursive)
{
	if (sys_move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -1;
	return set ? restrict_mount(tree, set, recursive) : 0;
}

int op_bind_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name), tree = descriptor(c, op->args[2].name);
	freeing char *path = fill_text(c, op->args[1].span);
	struct stat stat;
	if (root < 0 || tree < 0 || !path)
		return -1;
	note_path(c, path);
	if (fstat(tree, &stat) < 0)
		return -1;
	closing int place = make_in_root(root, path, S_ISDIR(stat.st_mode));
	if (refuse_root(root, place) < 0 || attach_restricted(tree, place, (uint64_t)op->args[3].number, op->args[4].number) < 0)
		return -1;
	return set_propagation(tree, (uint64_t)op->args[5].number);
}

int clone_mount(int fd, const char *path, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | (recursive ? AT_RECURSIVE : 0);
	return sys_open_tree(fd, path, flags | (*path ? 0 : AT_EMPTY_PATH));
}

/* A device node of the host: a user namespace cannot make its own. */
int op_device_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	freeing char *source = fill_text(c, op->args[2].span);
	struct stat stat;
	if (root < 0 || !path || !source)
		return -1;
	note_path(c, source);
	closing int tree = clone_mount(AT_FDCWD, source, false);
	if (tree < 0 || fstat(tree, &stat) < 0)
		return -1;
	if (!S_ISCHR(stat.st_mode)) {
		errno = ENOTTY;
		return -1;
	}
	closing int place = make_in_root(root, path, false);
	if (attach_at(tree, root, place) < 0)
		return -1;
	/* for masks, whatever a later mount puts over it: an image's resolv.conf may be a link there */
	return strcmp(path, "/dev/null") == 0 ? name_descriptor(c, "null-device", open_in_root(root, path, O_PATH | O_NOFOLLOW)) : 0;
}

/* The mask for a file is the null device that this process bound itself, checked by its number: never a name that the image chose. */
static int null_device(struct context *c)
{
	struct stat stat;
	int fd = descriptor(c, "null-device");
	if (fd < 0 || fstat(fd, &stat) < 0)
		return -1;
	if (!S_ISCHR(stat.st_mode) || stat.st_rdev != makedev(1, 3)) {
		errno = ENOTTY;
		return -1;
	}
	return clone_mount(fd, "", false);
}

int op_mask_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	struct stat stat;
	const char *empty[] = { "size=0", "nr_inodes=1", "mode=0755", NULL };
	if (root < 0 || !path)
		return -1;
	note_path(c, path);
	closing int place = open_in_root(root, path, O_PATH);
	if (place < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (fstat(place, &stat) < 0)
		return -1;
	closing int mask = S_ISDIR(stat.st_mode) ? new_mount("tmpfs", MOUNT_ATTR_RDONLY, empty) : null_device(c);
	return mask < 0 ? -1 : sys_move_mount(mask, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int op_read_only_at(struct context *c, const struct op *op)
{
	int root = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	if (root < 0 || !path)
		return -1;
	note_path(c, path);
	closing int place = open_in_root(root, path, O_PATH);
	if (place < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	closing int tree = clone_mount(place, "", true);
	return tree < 0 ? -1 : attach_restricted(tree, place, MOUNT_ATTR_RDONLY, false);
}
