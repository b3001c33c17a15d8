/* What the kernel answers when it is asked, where no trial is needed. */
#include <stdio.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#define ASK_VERSION 1 /* LANDLOCK_CREATE_RULESET_VERSION */

/* landlock_create_ruleset(2): the version of its ABI, on a line. ENOSYS or EOPNOTSUPP where there is none. */
int op_landlock_version(struct context *c, const struct op *op)
{
	char line[32];
	int fd = descriptor(c, op->args[0].name);
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	if (fd < 0 || version < 0)
		return -1;
	int n = snprintf(line, sizeof line, "%ld\n", version);
	return write_all(fd, line, (size_t)n);
}
