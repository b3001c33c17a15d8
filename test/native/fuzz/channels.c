/* What processes of a plan say to each other: tags, failures, descriptors, pids, and what is none of these. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../native/context.h"
#include "../../../native/operations.h"
#include "fuzz.h"

static int open_descriptors(void)
{
	int count = 0;
	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* CVE-2021-43784: longer than a length can say, NUL, newlines, negative numbers. */
static void any_message(struct chance *c, struct bytes *out)
{
	static const char *const pids[] = { "P-1", "P0", "P1", "P99999999999", "P", "P 7", "P2147483647", "P4194305x" };
	const char *pid = pids[below(c, sizeof pids / sizeof *pids)];
	out->size = 0;
	switch (below(c, 6)) {
	case 0: put(out, "Sready", 6); break;
	case 1: put_u8(out, 'S'), any_bytes(c, out, 100); break;
	case 2: put_u8(out, 'F'), any_bytes(c, out, one_in(c, 3) ? 70 * 1024 : 200); break;
	case 3: put(out, "Fa\0b\0c\0d\0" "5", 10), put_u8(out, 0); break;
	case 4: put(out, pid, strlen(pid)); break;
	default: any_bytes(c, out, one_in(c, 5) ? 70 * 1024 : 64);
	}
	if (out->size == 0)
		put_u8(out, 'D');
}

static void send_with_descriptors(int fd, const struct bytes *bytes, size_t descriptors)
{
	union { char space[CMSG_SPACE(4 * sizeof(int))]; struct cmsghdr align; } control = { 0 };
	struct iovec iov = { bytes->at, bytes->size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	int null[4];
	for (size_t i = 0; i < 4; i++)
		null[i] = 2;
	if (descriptors > 0) {
		message.msg_control = control.space;
		message.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
		memcpy(CMSG_DATA(header), null, descriptors * sizeof(int));
	}
	must(sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0);
}

static int take_message(struct chance *c, struct context *context)
{
	const struct op op = { .args = { { .name = "peer" }, { .name = "ready" } } };
	switch (below(c, 4)) {
	case 0: return op_await(context, &op);
	case 1: return op_await_exec(context, &op);
	case 2: return op_continued(context, &op);
	default: return op_receive_descriptor(context, &op);
	}
}

void fuzz_channel(struct chance *c)
{
	int pair[2], before = open_descriptors();
	struct context *context = fresh_context();
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	int size = 1 << 20;
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	context->peers[context->peer_count++] = (struct peer){ .name = "peer", .pid = 0, .pidfd = -1, .channel = pair[0] };
	for (uint32_t messages = 1 + below(c, 3); messages > 0; messages--) {
		any_message(c, &current);
		send_with_descriptors(pair[1], &current, one_in(c, 3) ? 1 + below(c, 4) : 0);
	}
	if (one_in(c, 2))
		shutdown(pair[1], SHUT_WR);
	int result = take_message(c, context);
	must(result == 0 || errno != 0);
	struct peer *peer = &context->peers[0];
	must(peer->ended || peer->pid == 0); /* no pid but one that we asked the kernel for is ours to end */
	if (peer->channel >= 0)
		close(peer->channel);
	close(pair[1]);
	forget_descriptor(context, "ready");
	must(open_descriptors() == before);
}
