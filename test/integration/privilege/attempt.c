/*
 * Attempts from inside a container:
 *
 *   attempt setcap FILE MASK   gives a file these inheritable capabilities, effective at once (capabilities(7), security.capability)
 *   attempt netfilter          asks nf_tables for its generation: the error of the answer
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *said(int result)
{
	return result < 0 ? strerrorname_np(errno) : "ok";
}

static int give(const char *path, unsigned mask)
{
	struct vfs_cap_data data = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, .data = { { .inheritable = mask } } };
	return setxattr(path, "security.capability", &data, sizeof data, 0);
}

static int ask_netfilter(void)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg message;
	} question = {
		{ .nlmsg_len = sizeof question, .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		{ .nfgen_family = AF_INET, .version = NFNETLINK_V0 },
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	if (fd < 0 || send(fd, &question, sizeof question, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0)
		return -1;
	errno = answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : 0;
	return errno ? -1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "setcap") == 0)
		return puts(said(give(argv[2], (unsigned)strtoul(argv[3], NULL, 0)))), 0;
	return argc == 2 ? puts(said(ask_netfilter())), 0 : 2;
}
