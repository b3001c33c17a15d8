/* Unix sockets by a path that may be longer than their names may be. */
#ifndef TSRUN_SOCKET_H
#define TSRUN_SOCKET_H

struct context;
struct op;

/* The operation's first two arguments: a directory's descriptor and a name in it. Made anew, for the caller alone. */
int listen_at(struct context *, const struct op *, int backlog);

#endif
