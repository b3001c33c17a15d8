/*
 * Published ports. The parent opens the listening sockets (listen), so that a port that is taken is told before anything is made, and
 * a low one needs no more rights than the caller's. A process of the container's user and network namespace serves them
 * (forward-ports): what is accepted outside is connected inside, to the container's own address, as any neighbour would.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "forward.h"
#include "operations.h"
#include "sys.h"

static struct forward forwards[MAX_FORWARDS];
static size_t forward_count;

static int bind_socket(const union address *address, int type, bool both)
{
	int one = 1, only = !both;
	int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	bool v6 = address->any.sa_family == AF_INET6;
	if (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) < 0)
		goto failed;
	if (type == SOCK_STREAM ? setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0
				: setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &one, sizeof one) < 0)
		goto failed;
	if (bind(fd, &address->any, address_size(address)) == 0 && (type != SOCK_STREAM || listen(fd, SOMAXCONN) == 0))
		return fd;
failed:
	close_fd(&fd);
	return -1;
}

/* Every address of the host: one socket takes both kinds, unless the host has no IPv6. */
static int bind_everywhere(int type, uint16_t port)
{
	union address all = { .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_ANY_INIT } };
	int fd = bind_socket(&all, type, true);
	if (fd >= 0 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
		return fd;
	all = (union address){ .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };
	return bind_socket(&all, type, false);
}

static bool parse_address(const char *text, uint16_t port, union address *address)
{
	*address = (union address){ .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };
	if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1)
		return true;
	*address = (union address){ .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
	return inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1;
}

/* Name, SOCK_STREAM or SOCK_DGRAM, an address or '' for all, a port or 0 for any that is free: slot port:NAME says which. */
int op_listen(struct context *c, const struct op *op)
{
	int type = (int)op->args[1].number;
	uint16_t port = (uint16_t)op->args[3].number;
	freeing char *text = fill_text(c, op->args[2].span);
	union address address;
	char place[128];
	if (!text)
		return -1;
	snprintf(place, sizeof place, "%s %d/%s", text, port, type == SOCK_STREAM ? "tcp" : "udp");
	note_path(c, place);
	if ((type != SOCK_STREAM && type != SOCK_DGRAM) || (*text && !parse_address(text, port, &address))) {
		errno = EINVAL;
		return -1;
	}
	return name_descriptor(c, op->args[0].name, *text ? bind_socket(&address, type, false) : bind_everywhere(type, port));
}

int port_of(int fd)
{
	union address address;
	socklen_t size = sizeof address;
	if (getsockname(fd, &address.any, &size) < 0)
		return -1;
	return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

/* What comes in at a listening socket goes to this port of the container. */
int op_forward(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name), type = 0;
	socklen_t size = sizeof type;
	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return -1;
	if (forward_count == MAX_FORWARDS) {
		errno = E2BIG;
		return -1;
	}
	forwards[forward_count++] = (struct forward){ .source = { .kind = type == SOCK_STREAM ? SOURCE_LISTENER : SOURCE_DATAGRAMS },
						      .fd = fd, .port = (uint16_t)op->args[1].number };
	return 0;
}

/* Not its loopback, if it has more: a server that listens there alone has not been published. IPv4 first, which hears every common server. */
static size_t find_targets(union address targets[MAX_TARGETS])
{
	struct ifaddrs *list = NULL;
	size_t count = 0;
	if (getifaddrs(&list) < 0)
		list = NULL;
	for (int family = AF_INET;; family = AF_INET6) {
		for (struct ifaddrs *at = list; at && count < MAX_TARGETS; at = at->ifa_next) {
			const union address *address = (const union address *)at->ifa_addr;
			if (!address || address->any.sa_family != family || at->ifa_flags & IFF_LOOPBACK || !(at->ifa_flags & IFF_UP))
				continue;
			if (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr))
				continue;
			memcpy(&targets[count++], address, address_size(address));
			break;
		}
		if (family == AF_INET6)
			break;
	}
	if (list)
		freeifaddrs(list);
	if (count == 0) {
		targets[count++] = (union address){ .v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
		targets[count++] = (union address){ .v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT } };
	}
	return count;
}

/* Two descriptors for each connection: as many as we are allowed, and the listening sockets wait meanwhile. */
static size_t room_for_connections(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 64;
	limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	size_t taken = 64 + MAX_FLOWS + forward_count;
	return limit.rlim_cur > taken + 16 ? (limit.rlim_cur - taken) / 2 : 8;
}

/* Nothing of the run's is held open here but the sockets and what says that it has ended. */
static int let_go(struct context *c, int container)
{
	for (size_t i = 0; i < c->descriptor_count; i++) {
		bool ours = c->descriptors[i].fd == container;
		for (size_t j = 0; j < forward_count; j++)
			ours |= c->descriptors[i].fd == forwards[j].fd;
		if (ours || c->descriptors[i].fd <= 2)
			continue;
		close_fd(&c->descriptors[i].fd);
		c->descriptors[i].fd = -1;
	}
	return rid_of_streams(c);
}

/* Serves until the container, or our parent, has ended. */
int op_forward_ports(struct context *c, const struct op *op)
{
	int container = descriptor(c, op->args[0].name);
	if (container < 0 || let_go(c, container) < 0)
		return -1;
	struct forwarder f = { .epoll = epoll_create1(EPOLL_CLOEXEC), .room = room_for_connections() };
	f.target_count = find_targets(f.targets);
	struct source ends[2] = { { .kind = SOURCE_END }, { .kind = SOURCE_END } };
	if (f.epoll < 0 || watch_source(&f, container, &ends[0], EPOLLIN) < 0 || watch_source(&f, c->peers[0].channel, &ends[1], EPOLLRDHUP) < 0)
		return -1;
	for (size_t i = 0; i < forward_count; i++)
		if (watch_source(&f, forwards[i].fd, &forwards[i].source, EPOLLIN) < 0)
			return -1;
	return serve(&f, forwards, forward_count);
}
