/* Unix sockets: at a path that may be longer than their names may be, and who is at the other end. */
#ifndef TSRUN_SOCKET_H
#define TSRUN_SOCKET_H

#include <stdbool.h>

struct context;
struct op;

/* The operation's first two arguments: a directory's descriptor and a name in it. Made anew, for the caller alone. */
int listen_at(struct context *, const struct op *, int backlog);

/* Who is at the other end has our uid, or is root. */
bool is_callers(int fd);

#endif
