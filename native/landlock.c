/*
 * A second wall: what this process and all that it becomes may do to files, besides what their modes say. The rights are numbers of
 * linux/landlock.h that the plan brings, and so is the version of the kernel's interface that they need: an older kernel would leave some out.
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

/* What is handled of files, of the network, of scopes: each came with a later version, and what is not asked for is left out of the size. */
#define RULESET_MEMBERS 3
struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

#define RULESET_VERSION 1 /* asks for it: LANDLOCK_CREATE_RULESET_VERSION */
#define RULE_PATH_BENEATH 1
#define OF_FILES (1ULL << 0 | 1ULL << 1 | 1ULL << 2 | 1ULL << 14 | 1ULL << 15) /* execute, write, read, truncate, ioctl: what a file has that is no directory */

/* The image made the path: a link in it could lead to a volume, so none is followed. */
static int allow(struct context *c, int ruleset, int root, struct span text, uint64_t rights)
{
	struct stat stat;
	freeing char *path = fill_text(c, text);
	if (!path)
		return -1;
	note_path(c, path);
	closing int fd = sys_openat2(root, path, O_PATH | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (fd < 0 || fstat(fd, &stat) < 0)
		return -1;
	struct path_beneath rule = { S_ISDIR(stat.st_mode) ? rights : rights & OF_FILES, fd };
	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
}

int op_landlock(struct context *c, const struct op *op)
{
	const struct arg *all = &op->args[2], *paths = &op->args[3], *rights = &op->args[4];
	uint64_t handled[RULESET_MEMBERS] = { 0 };
	int root = descriptor(c, op->args[0].name);
	long version = root < 0 ? -1 : syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
	if (version < 0)
		return -1;
	if (paths->count != rights->count || all->count > RULESET_MEMBERS) {
		errno = EINVAL;
		return -1;
	}
	if (version < op->args[1].number) {
		errno = EOPNOTSUPP;
		return -1;
	}
	for (uint32_t i = 0; i < all->count; i++)
		handled[i] = (uint64_t)all->vector[i];
	closing int ruleset = (int)syscall(SYS_landlock_create_ruleset, handled, all->count * sizeof *handled, 0);
	if (ruleset < 0)
		return -1;
	for (uint32_t i = 0; i < paths->count; i++)
		if (allow(c, ruleset, root, paths->list[i], (uint64_t)rights->vector[i]) < 0)
			return -1;
	note_path(c, "");
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

/* landlock_create_ruleset(2): the version of its ABI, on a line. ENOSYS or EOPNOTSUPP where there is none. */
int op_landlock_version(struct context *c, const struct op *op)
{
	char line[32];
	int fd = descriptor(c, op->args[0].name);
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
	if (fd < 0 || version < 0)
		return -1;
	int n = snprintf(line, sizeof line, "%ld\n", version);
	return write_all(fd, line, (size_t)n);
}
