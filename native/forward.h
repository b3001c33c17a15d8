/* What forwards bytes of published ports: ports.c sets it up, forward.c moves them. */
#ifndef TSRUN_FORWARD_H
#define TSRUN_FORWARD_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "context.h"

#define MAX_FORWARDS 512
#define MAX_FLOWS 256
#define MAX_TARGETS 2

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static inline socklen_t address_size(const union address *address)
{
	return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

/* What an event of epoll is about: the first member of each of these. */
enum source_kind { SOURCE_END, SOURCE_LISTENER, SOURCE_DATAGRAMS, SOURCE_CONNECTION, SOURCE_FLOW };
struct source {
	enum source_kind kind;
	int side; /* of a connection */
};

struct forward {
	struct source source;
	int fd;
	uint16_t port;
};

struct connection;
struct flow;

struct forwarder {
	int epoll;
	union address targets[MAX_TARGETS];
	size_t target_count;
	size_t room;                  /* connections that may still be */
	bool paused;
	struct connection *closed;    /* freed when no event of this round can name them any more */
	struct flow *flows[MAX_FLOWS];
};

int watch_source(struct forwarder *, int fd, struct source *, uint32_t events);
int serve(struct forwarder *, struct forward *, size_t count);
void take_datagrams(struct forwarder *, struct forward *);
void return_datagrams(struct forwarder *, struct source *);
union address target_of(const struct forwarder *, size_t which, uint16_t port);

#endif
