/* Connections of published ports: bytes in both directions, each with its own end, as long as either side has something to say. */
#include "forward.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "sys.h"

#define BUFFER 65536

/* Side 0 is the client's, side 1 the container's. What was read from a side waits in its buffer to be written to the other. */
struct connection {
	struct source sources[2];
	int fds[2];
	char *buffers[2];
	size_t starts[2], ends[2];
	bool over[2];       /* the side says no more */
	bool told[2];       /* and the other one knows */
	bool connecting;
	size_t target;
	uint16_t port;
	uint32_t events[2];
	struct connection *next;
};

int watch_source(struct forwarder *f, int fd, struct source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };
	return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &event);
}

union address target_of(const struct forwarder *f, size_t which, uint16_t port)
{
	union address target = f->targets[which];
	if (target.any.sa_family == AF_INET)
		target.v4.sin_port = htons(port);
	else
		target.v6.sin6_port = htons(port);
	return target;
}

/* Both sides learn at once that it went wrong: a reset, not an orderly end. */
static void end_connection(struct forwarder *f, struct connection *one, bool broken)
{
	struct linger reset = { .l_onoff = 1 };
	for (int side = 0; side < 2; side++) {
		if (broken && one->fds[side] >= 0)
			setsockopt(one->fds[side], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close_fd(&one->fds[side]);
		one->fds[side] = -1;
	}
	one->next = f->closed;
	f->closed = one;
}

static void free_closed(struct forwarder *f)
{
	for (struct connection *one = f->closed, *next; one; one = next) {
		next = one->next;
		free(one->buffers[0]);
		free(one->buffers[1]);
		free(one);
		f->room++;
	}
	f->closed = NULL;
}

static int socket_to(struct forwarder *f, struct connection *one)
{
	for (; one->target < f->target_count; one->target++) {
		union address target = target_of(f, one->target, one->port);
		int no_delay = 1, fd = socket(target.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
		if (connect(fd, &target.any, address_size(&target)) == 0 || errno == EINPROGRESS) {
			one->events[1] = EPOLLOUT;
			if (watch_source(f, fd, &one->sources[1], EPOLLOUT) == 0)
				return fd;
		}
		close(fd);
	}
	return -1;
}

/* Reads only what there is room for, so a slow reader slows down its writer and nobody else. */
static void watch_connection(struct forwarder *f, struct connection *one)
{
	for (int side = 0; side < 2; side++) {
		bool reads = !one->connecting && !one->over[side] && one->starts[side] == one->ends[side];
		bool writes = one->starts[!side] < one->ends[!side];
		uint32_t wanted = one->connecting ? (side == 1 ? EPOLLOUT : 0) : (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u);
		struct epoll_event event = { .events = wanted, .data.ptr = &one->sources[side] };
		if (wanted != one->events[side] && epoll_ctl(f->epoll, EPOLL_CTL_MOD, one->fds[side], &event) == 0)
			one->events[side] = wanted;
	}
}

/* 1: something moved; 0: nothing can; -1: it is broken. */
static int move_from(struct connection *one, int side)
{
	int moved = 0;
	if (!one->over[side] && one->starts[side] == one->ends[side]) {
		ssize_t n = recv(one->fds[side], one->buffers[side], BUFFER, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n >= 0)
			moved = 1;
		one->over[side] = n == 0;
		one->starts[side] = 0;
		one->ends[side] = n > 0 ? (size_t)n : 0;
	}
	if (one->starts[side] < one->ends[side]) {
		ssize_t n = send(one->fds[!side], one->buffers[side] + one->starts[side], one->ends[side] - one->starts[side], MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		one->starts[side] += n > 0 ? (size_t)n : 0;
		moved |= n > 0;
	}
	if (one->over[side] && !one->told[side] && one->starts[side] == one->ends[side]) {
		shutdown(one->fds[!side], SHUT_WR);
		one->told[side] = true;
	}
	return moved;
}

static bool finish_connect(struct forwarder *f, struct connection *one)
{
	int error = 0;
	socklen_t size = sizeof error;
	getsockopt(one->fds[1], SOL_SOCKET, SO_ERROR, &error, &size);
	if (error) {
		close_fd(&one->fds[1]);
		one->target++;
		one->fds[1] = socket_to(f, one);
		return one->fds[1] >= 0;
	}
	one->connecting = false;
	return true;
}

static void handle_connection(struct forwarder *f, struct source *source, uint32_t events)
{
	struct connection *one = (struct connection *)(source - source->side);
	if (one->fds[0] < 0)
		return; /* ended earlier in this round */
	if (one->connecting && source->side == 0 && events & (EPOLLERR | EPOLLHUP)) {
		end_connection(f, one, true);
		return;
	}
	if (one->connecting && source->side == 1 && !finish_connect(f, one)) {
		end_connection(f, one, true);
		return;
	}
	/* a few rounds only, or one busy connection would starve the others */
	for (int round = 0; !one->connecting && round < 8; round++) {
		int there = move_from(one, 0), back = there < 0 ? -1 : move_from(one, 1);
		if (there < 0 || back < 0) {
			end_connection(f, one, true);
			return;
		}
		if (one->told[0] && one->told[1]) {
			end_connection(f, one, false);
			return;
		}
		if (!there && !back)
			break;
	}
	watch_connection(f, one);
}

static struct connection *new_connection(int client, uint16_t port)
{
	struct connection *one = calloc(1, sizeof *one);
	if (!one)
		return NULL;
	*one = (struct connection){ .sources = { { SOURCE_CONNECTION, 0 }, { SOURCE_CONNECTION, 1 } }, .fds = { client, -1 },
				    .buffers = { malloc(BUFFER), malloc(BUFFER) }, .connecting = true, .port = port };
	if (one->buffers[0] && one->buffers[1])
		return one;
	free(one->buffers[0]);
	free(one->buffers[1]);
	free(one);
	return NULL;
}

static void accept_connections(struct forwarder *f, const struct forward *forward)
{
	int on = 1;
	while (f->room > 0) {
		int client = accept4(forward->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client < 0)
			return;
		struct connection *one = new_connection(client, forward->port);
		if (!one) {
			close(client);
			return;
		}
		f->room--;
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
		one->fds[1] = socket_to(f, one);
		if (one->fds[1] < 0 || watch_source(f, client, &one->sources[0], 0) < 0)
			end_connection(f, one, true);
	}
}

/* When there is no room for more, who comes next waits in the kernel's queue. */
static void pause_listeners(struct forwarder *f, struct forward *forwards, size_t count)
{
	bool pause = f->room == 0;
	if (pause == f->paused)
		return;
	f->paused = pause;
	for (size_t i = 0; i < count; i++) {
		struct epoll_event event = { .events = pause ? 0 : EPOLLIN, .data.ptr = &forwards[i].source };
		if (forwards[i].source.kind == SOURCE_LISTENER)
			epoll_ctl(f->epoll, EPOLL_CTL_MOD, forwards[i].fd, &event);
	}
}

int serve(struct forwarder *f, struct forward *forwards, size_t count)
{
	struct epoll_event events[64];
	for (;;) {
		int n = epoll_wait(f->epoll, events, 64, -1);
		if (n < 0 && errno != EINTR)
			return -1;
		for (int i = 0; i < n; i++) {
			struct source *source = events[i].data.ptr;
			switch (source->kind) {
			case SOURCE_END:
				return 0;
			case SOURCE_LISTENER:
				accept_connections(f, (struct forward *)source);
				break;
			case SOURCE_DATAGRAMS:
				take_datagrams(f, (struct forward *)source);
				break;
			case SOURCE_CONNECTION:
				handle_connection(f, source, events[i].events);
				break;
			case SOURCE_FLOW:
				return_datagrams(f, source);
				break;
			}
		}
		free_closed(f);
		pause_listeners(f, forwards, count);
	}
}
