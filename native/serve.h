/* The server's side of `attach`. */
#ifndef TSRUN_SERVE_H
#define TSRUN_SERVE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define MAX_CLIENTS 16
#define SERVE_POLLS (1 + MAX_CLIENTS)

#define SERVE_PTY 1  /* input goes to a pty, whose window clients may size */
#define SERVE_ONCE 2 /* the first end of input is the container's too */

struct context;
struct server;

/* Fills SERVE_POLLS entries. */
void serve_polls(const struct server *, struct pollfd *polls);
/* Takes what they tell. Returns a signal that a client asks for, or 0. */
int serve_events(struct server *, const struct pollfd *polls);
/* False while somebody reads too slowly: then nothing is read from the container. */
bool serve_has_room(const struct server *);
void serve_output(struct server *, int stream, const char *bytes, size_t size);
/* Says how it ended, to whoever takes it within a second, and goes. */
void serve_end(struct server *, int status);
/* In a fresh child, which has no business with it. */
void serve_leave(struct server *);

#endif
