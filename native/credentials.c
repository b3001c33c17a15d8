/* What the container's process may do: ids, capabilities, seccomp. The plan gives them in the order that the kernel needs. */
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

int op_set_single_ids(struct context *c, const struct op *op)
{
	(void)c;
	uid_t uid = (uid_t)op->args[0].number;
	gid_t gid = (gid_t)op->args[1].number;
	return setresgid(gid, gid, gid) < 0 ? -1 : setresuid(uid, uid, uid);
}

int op_set_ids(struct context *c, const struct op *op)
{
	const struct arg *list = &op->args[2];
	gid_t *groups = calloc(list->count ? list->count : 1, sizeof *groups);
	if (!groups)
		return -1;
	for (uint32_t i = 0; i < list->count; i++)
		groups[i] = (gid_t)list->vector[i];
	int result = setgroups(list->count, groups);
	free(groups);
	return result < 0 ? -1 : op_set_single_ids(c, op);
}

/*
 * Files made under these belong to the container's root while the caller's uid still opens what is only his. -1 takes them back, by
 * calls that need no number, for the caller's may have none here; an exec with a foreign fsgid counts as setgid and loses the ambient set.
 */
int op_set_fs_ids(struct context *c, const struct op *op)
{
	(void)c;
	uid_t uid = (uid_t)op->args[0].number;
	gid_t gid = (gid_t)op->args[1].number;
	if (uid == (uid_t)-1)
		return setregid((gid_t)-1, (gid_t)-1) < 0 ? -1 : setreuid((uid_t)-1, (uid_t)-1);
	setfsuid(uid);
	setfsgid(gid);
	if (setfsuid((uid_t)-1) == (int)uid && setfsgid((gid_t)-1) == (int)gid)
		return 0;
	errno = EPERM;
	return -1;
}

/*
 * A session keyring of its own, empty: whoever has the caller's possesses the keys in it, whatever his ids are. Where the kernel has no
 * keys, or a filter around us refuses to speak of them, the command cannot ask for them either.
 */
int op_new_keyring(struct context *c, const struct op *op)
{
	(void)c, (void)op;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
		return 0;
	return errno == ENOSYS || errno == EPERM ? 0 : -1;
}

int op_keep_capabilities(struct context *c, const struct op *op)
{
	(void)c, (void)op;
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

int op_bounding_set(struct context *c, const struct op *op)
{
	(void)c;
	for (int cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(op->args[0].number >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -1;
	return 0;
}

static int last_capability(void)
{
	int cap = 0;
	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	return cap;
}

/* effective, permitted, inheritable, ambient. Bits that this kernel does not know are no request. */
int op_capabilities(struct context *c, const struct op *op)
{
	(void)c;
	uint64_t known = (2ULL << last_capability()) - 1;
	uint64_t effective = (uint64_t)op->args[0].number & known, permitted = (uint64_t)op->args[1].number & known;
	uint64_t inheritable = (uint64_t)op->args[2].number & known, ambient = (uint64_t)op->args[3].number & known;
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32) },
	};
	if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	for (int cap = 0; cap < 64; cap++)
		if (ambient >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -1;
	return 0;
}

int op_no_new_privileges(struct context *c, const struct op *op)
{
	(void)c, (void)op;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int filter_calls(const struct span *code, unsigned flags)
{
	if (code->size == 0 || code->size % sizeof(struct sock_filter) || code->size / sizeof(struct sock_filter) > BPF_MAXINSNS) {
		errno = EINVAL;
		return -1;
	}
	struct sock_filter *filter = malloc(code->size); /* the plan's bytes need not be aligned */
	if (!filter)
		return -1;
	memcpy(filter, code->bytes, code->size);
	struct sock_fprog program = { (unsigned short)(code->size / sizeof *filter), filter };
	int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	free(filter);
	return result;
}

int op_seccomp(struct context *c, const struct op *op)
{
	(void)c;
	return filter_calls(&op->args[0].span, 0);
}

/* Some calls are told to whoever has the descriptor, who answers them. What he has begun only a signal that kills interrupts. */
int op_seccomp_listener(struct context *c, const struct op *op)
{
	int listener = filter_calls(&op->args[0].span, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	return listener < 0 ? -1 : name_descriptor(c, op->args[1].name, listener);
}

/* Nobody in the container may look into this process through /proc or ptrace before it has become the container's own. */
int op_undumpable(struct context *c, const struct op *op)
{
	(void)c, (void)op;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
