/* A program that works for the container, such as its network: when it is ready, and that it ends with the container. */
#include <poll.h>
#include <stdlib.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

/* Takes what there is; false at the end. */
static bool drain(int fd, char *kept, size_t room, size_t *size)
{
	char rest[512];
	ssize_t n = *size + 1 < room ? read(fd, kept + *size, room - 1 - *size) : read(fd, rest, sizeof rest);
	if (n > 0 && *size + 1 < room)
		*size += (size_t)n;
	return n > 0 || (n < 0 && errno == EINTR);
}

/* It ended instead: what it said is the best explanation there is. */
static int not_ready(struct context *c, int output, char *said, size_t room, size_t size)
{
	while (drain(output, said, room, &size))
		;
	said[size] = 0;
	note_path(c, said);
	errno = ECHILD;
	return -1;
}

/* The program writes a byte to a pipe that it was given; what it prints goes to another, and is told when it ends without that byte. */
int op_await_ready(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	int ready = descriptor(c, op->args[1].name), output = descriptor(c, op->args[2].name);
	char said[1000], message[2048], byte;
	size_t size = 0;
	if (!peer || ready < 0 || output < 0)
		return -1;
	struct pollfd polls[] = { { ready, POLLIN, 0 }, { output, POLLIN, 0 }, { peer->channel, POLLIN, 0 } };
	for (;;) {
		if (poll(polls, 3, -1) < 0) {
			if (errno != EINTR)
				return -1;
			continue;
		}
		if (polls[2].revents) {
			if (receive(c, peer, message, sizeof message, NULL) < 0)
				return -1; /* it could not be executed */
			polls[2].fd = -1;
		}
		if (polls[1].revents && !drain(output, said, sizeof said, &size))
			polls[1].fd = -1;
		if (polls[0].revents)
			return read(ready, &byte, 1) == 1 ? 0 : not_ready(c, output, said, sizeof said, size);
	}
}

/*
 * Stays until the container, our parent or the program has ended; then our own end is the end of the program. What it prints is read
 * and dropped: a full pipe would stop it. As pid 1 of a namespace that the program is in, not even kill -9 of us leaves it behind.
 */
int op_keep_program(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	int container = descriptor(c, op->args[1].name), output = descriptor(c, op->args[2].name);
	const int held[] = { container, output };
	if (!peer || container < 0 || output < 0 || hold_only(c, held, 2) < 0)
		return -1;
	struct pollfd polls[] = { { c->peers[0].channel, 0, 0 }, { container, POLLIN, 0 }, { peer->pidfd, POLLIN, 0 }, { output, POLLIN, 0 } };
	for (;;) {
		char dropped[4096];
		int n = poll(polls, 4, -1);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && (polls[0].revents || polls[1].revents || polls[2].revents))
			return 0;
		if (n > 0 && polls[3].revents && read(output, dropped, sizeof dropped) <= 0)
			polls[3].fd = -1;
	}
}
