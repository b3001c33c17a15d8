/* Datagrams of published ports: each client has its own socket inside, so that an answer finds its way back to it. */
#include "forward.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "sys.h"

#define IDLE_SECONDS 120

struct flow {
	struct source source;
	int fd;
	const struct forward *forward;
	union address client;
	socklen_t client_size;
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))]; /* the address of ours that the client spoke to: answers come from there */
	size_t control_size;
	size_t target;
	time_t used;
};

static time_t seconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void end_flow(struct flow **place)
{
	close_fd(&(*place)->fd);
	free(*place);
	*place = NULL;
}

static bool connect_flow(struct forwarder *f, struct flow *flow)
{
	union address target = target_of(f, flow->target, flow->forward->port);
	flow->fd = socket(target.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return flow->fd >= 0 && connect(flow->fd, &target.any, address_size(&target)) == 0 && watch_source(f, flow->fd, &flow->source, EPOLLIN) == 0;
}

static bool is_same(const struct flow *a, const struct flow *b)
{
	return a->forward == b->forward && a->client_size == b->client_size && memcmp(&a->client, &b->client, b->client_size) == 0 &&
	       a->control_size == b->control_size && memcmp(a->control, b->control, b->control_size) == 0;
}

/* The place of this client's flow, else a free one, else that of whoever was silent longest. */
static struct flow **find_flow(struct forwarder *f, const struct flow *like)
{
	struct flow **free_place = NULL, **oldest = &f->flows[0];
	for (size_t i = 0; i < MAX_FLOWS; i++) {
		struct flow *flow = f->flows[i];
		if (!flow) {
			free_place = &f->flows[i];
			continue;
		}
		if (is_same(flow, like))
			return &f->flows[i];
		if (!*oldest || flow->used < (*oldest)->used)
			oldest = &f->flows[i];
	}
	return free_place ? free_place : oldest;
}

static struct flow *flow_for(struct forwarder *f, const struct flow *like)
{
	struct flow **place = find_flow(f, like);
	time_t now = seconds();
	for (size_t i = 0; i < MAX_FLOWS; i++)
		if (f->flows[i] && &f->flows[i] != place && now - f->flows[i]->used > IDLE_SECONDS)
			end_flow(&f->flows[i]);
	if (*place && is_same(*place, like)) {
		(*place)->used = now;
		return *place;
	}
	if (*place)
		end_flow(place);
	struct flow *made = malloc(sizeof *made);
	if (!made)
		return NULL;
	*made = *like;
	made->used = now;
	*place = made;
	if (connect_flow(f, made))
		return made;
	end_flow(place);
	return NULL;
}

/* Of all control messages only the packet's destination, without the interface: the way back is the routing table's. */
static void keep_destination(struct flow *flow, struct msghdr *message)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		bool v4 = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO;
		bool v6 = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO;
		if (!v4 && !v6)
			continue;
		size_t size = v4 ? CMSG_SPACE(sizeof(struct in_pktinfo)) : CMSG_SPACE(sizeof(struct in6_pktinfo));
		if (v4)
			((struct in_pktinfo *)CMSG_DATA(header))->ipi_ifindex = 0;
		else if (!IN6_IS_ADDR_LINKLOCAL(&((struct in6_pktinfo *)CMSG_DATA(header))->ipi6_addr))
			((struct in6_pktinfo *)CMSG_DATA(header))->ipi6_ifindex = 0;
		memcpy(flow->control, header, size);
		flow->control_size = size;
	}
}

static char datagram[65536];

void take_datagrams(struct forwarder *f, struct forward *forward)
{
	for (int i = 0; i < 64; i++) {
		union { char space[256]; struct cmsghdr align; } control;
		struct flow like = { .source = { .kind = SOURCE_FLOW }, .fd = -1, .forward = forward };
		struct iovec iov = { datagram, sizeof datagram };
		struct msghdr message = { .msg_name = &like.client, .msg_namelen = sizeof like.client, .msg_iov = &iov, .msg_iovlen = 1,
					  .msg_control = control.space, .msg_controllen = sizeof control.space };
		ssize_t n = recvmsg(forward->fd, &message, MSG_DONTWAIT);
		if (n < 0)
			return;
		like.client_size = message.msg_namelen;
		keep_destination(&like, &message);
		struct flow *flow = flow_for(f, &like);
		if (flow && send(flow->fd, datagram, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
			return_datagrams(f, &flow->source); /* of the one before: nobody was there */
	}
}

/* Nobody listens at the address that was tried: the next datagram goes to the container's other one. */
static void try_other(struct forwarder *f, struct flow *flow)
{
	close_fd(&flow->fd);
	flow->target = (flow->target + 1) % f->target_count;
	if (connect_flow(f, flow))
		return;
	for (size_t i = 0; i < MAX_FLOWS; i++)
		if (f->flows[i] == flow)
			end_flow(&f->flows[i]);
}

void return_datagrams(struct forwarder *f, struct source *source)
{
	struct flow *flow = NULL;
	for (size_t i = 0; i < MAX_FLOWS && !flow; i++) /* it may have ended in this round */
		if (f->flows[i] && &f->flows[i]->source == source)
			flow = f->flows[i];
	for (int i = 0; flow && i < 64; i++) {
		ssize_t n = recv(flow->fd, datagram, sizeof datagram, MSG_DONTWAIT);
		if (n < 0 && errno == ECONNREFUSED) {
			try_other(f, flow);
			return;
		}
		if (n < 0)
			return;
		flow->used = seconds();
		struct iovec iov = { datagram, (size_t)n };
		struct msghdr message = { .msg_name = &flow->client, .msg_namelen = flow->client_size, .msg_iov = &iov, .msg_iovlen = 1,
					  .msg_control = flow->control_size ? flow->control : NULL, .msg_controllen = flow->control_size };
		sendmsg(flow->forward->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}
