/* What is meant for the kernel's /proc gets there or nowhere: what is mounted over it or a part of it has it not, nor does a link out of it (CVE-2025-52881). */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

#define PROC_ROOT_INODE 1

static int open_below(int proc, const char *path, int flags)
{
	struct statfs fs;
	struct stat stat;
	if (fstatfs(proc, &fs) < 0 || fstat(proc, &stat) < 0)
		return -1;
	if (fs.f_type != PROC_SUPER_MAGIC || stat.st_ino != PROC_ROOT_INODE) {
		errno = EXDEV;
		return -1;
	}
	return sys_openat2(proc, path, (uint64_t)(flags | O_CLOEXEC | O_NOCTTY), 0, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

/* A file, or a directory, of the procfs at /proc. */
int open_in_procfs(const char *path, int flags)
{
	closing int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return proc < 0 ? -1 : open_below(proc, path, flags);
}

/* A kernel variable of the namespaces that this process is in, through the root of any procfs. */
int op_sysctl_at(struct context *c, const struct op *op)
{
	int proc = descriptor(c, op->args[0].name);
	freeing char *path = fill_text(c, op->args[1].span);
	freeing char *value = fill_text(c, op->args[2].span);
	if (proc < 0 || !path || !value)
		return -1;
	note_path(c, path);
	closing int fd = open_below(proc, path, O_WRONLY);
	return fd < 0 ? -1 : write_all(fd, value, strlen(value));
}
