/*
 * What the processes of a plan say to each other, over one seqpacket socket for each two. Messages: 'S' tag (send), 'F' record
 * (failure), 'D' with a descriptor, 'P' pid (continue). A channel's end is a message, too: its process has ended, or is behind exec.
 */
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "operations.h"
#include "sys.h"

void tell_failure(struct context *c)
{
	char message[2048] = "F";
	size_t size = write_record(&c->failure, message + 1, sizeof message - 1);
	send(c->peers[0].channel, message, size + 1, MSG_NOSIGNAL);
}

/* Until the container runs, a signal that ends programs ends us: what is being set up may take long, or hang on a volume. */
static int wait_for_message(struct context *c, const struct peer *peer)
{
	struct signalfd_siginfo info;
	while (c->interruptible) {
		struct pollfd polls[3] = { { .fd = peer->channel, .events = POLLIN }, { .fd = c->signal_fd, .events = POLLIN }, { .fd = c->report_fd } };
		if (poll(polls, 3, -1) < 0 && errno != EINTR)
			return -1;
		if (polls[0].revents)
			return 0;
		int sig = polls[2].revents ? SIGKILL : 0;
		if (polls[1].revents && read(c->signal_fd, &info, sizeof info) == sizeof info)
			sig = (int)info.ssi_signo;
		if (sig != SIGTERM && sig != SIGINT && sig != SIGHUP && sig != SIGQUIT && sig != SIGKILL)
			continue;
		c->interrupted = sig;
		errno = EINTR;
		return -1;
	}
	return 0;
}

/* The next message of a peer; 0 at its end. A failure record of the peer becomes ours. */
ssize_t receive(struct context *c, struct peer *peer, char *buffer, size_t size, int *fd)
{
	union { char space[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
	struct iovec iov = { buffer, size - 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = CMSG_LEN(sizeof(int)) }; /* with its padding there would be room for two */
	int received = -1;
	ssize_t n;
	if (wait_for_message(c, peer) < 0)
		return -1;
	while ((n = recvmsg(peer->channel, &message, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR && errno != ECONNRESET)
			return -1;
		else if (errno == ECONNRESET)
			return 0;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(&received, CMSG_DATA(header), sizeof received);
	buffer[n] = 0;
	if (fd && buffer[0] == 'D')
		*fd = received;
	else
		close_fd(&received);
	if (n > 0 && buffer[0] == 'F') {
		if (!c->failure.error && read_record(&c->failure, buffer + 1, (size_t)n - 1) < 0)
			record_failure(c, "await", EPROTO);
		errno = EPROTO;
		return -1;
	}
	return n;
}

int op_send(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	char message[66], record[2048];
	if (!peer)
		return -1;
	int n = snprintf(message, sizeof message, "S%s", op->args[1].name);
	if (send(peer->channel, message, (size_t)n, MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EPIPE) /* it has said why it is gone */
		receive(c, peer, record, sizeof record, NULL);
	return -1;
}

/* To one who may have gone meanwhile and needs no answer. */
int op_notify(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	char message[66];
	if (!peer)
		return -1;
	int n = snprintf(message, sizeof message, "S%s", op->args[1].name);
	bool sent = send(peer->channel, message, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
	return sent || errno == EPIPE || errno == ECONNRESET || errno == EAGAIN ? 0 : -1;
}

int await_tag(struct context *c, const char *from, const char *tag)
{
	char message[2048];
	struct peer *peer = find_peer(c, from);
	if (!peer)
		return -1;
	ssize_t n = receive(c, peer, message, sizeof message, NULL);
	if (n < 0)
		return -1;
	if (n == 0) {
		note_path(c, from);
		errno = ESHUTDOWN; /* it ended before it said so */
		return -1;
	}
	if (message[0] != 'S' || strcmp(message + 1, tag) != 0) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

int op_await(struct context *c, const struct op *op)
{
	return await_tag(c, op->args[0].name, op->args[1].name);
}

/* The channel closes on exec: its end without a record is the good news. */
int op_await_exec(struct context *c, const struct op *op)
{
	char message[2048];
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer)
		return -1;
	ssize_t n = receive(c, peer, message, sizeof message, NULL);
	if (n != 0) {
		if (n > 0)
			errno = EPROTO;
		return -1;
	}
	close_fd(&peer->channel);
	peer->channel = -1;
	return 0;
}

/* OCI start: a byte in the fifo says go; its end does not. The plan opens it for both directions, so that there is no end to see. */
int op_await_start(struct context *c, const struct op *op)
{
	char byte;
	ssize_t n;
	int fd = descriptor(c, op->args[0].name);
	if (fd < 0)
		return -1;
	while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n == 0)
		errno = ESHUTDOWN;
	return n == 1 ? 0 : -1;
}

int op_send_descriptor(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	int fd = descriptor(c, op->args[1].name);
	union { char space[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = { 0 };
	struct iovec iov = { "D", 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
	if (!peer || fd < 0)
		return -1;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	return sendmsg(peer->channel, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int op_receive_descriptor(struct context *c, const struct op *op)
{
	char message[2048];
	int fd = -1;
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer || receive(c, peer, message, sizeof message, &fd) < 0)
		return -1;
	if (fd < 0) {
		errno = ESHUTDOWN;
		return -1;
	}
	return name_descriptor(c, op->args[1].name, fd);
}
