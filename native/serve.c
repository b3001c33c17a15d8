/*
 * The attach socket of a container: everybody who connects sees its output from then on, and may type at it. Owned by the caller
 * alone: the socket lies in a directory that is closed to others, and who connects is asked for his uid.
 */
#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "context.h"
#include "frames.h"
#include "operations.h"
#include "relay.h"
#include "socket.h"
#include "sys.h"

/* For each client: a few frames of the largest size. */
#define QUEUE (256 * 1024)

struct client {
	int fd;
	bool deaf;                    /* takes nothing more, but what it has sent is still to be read */
	bool first;                   /* was connected from the beginning */
	size_t start, end;            /* of what is to be sent */
	uint8_t *queue;
	uint8_t header[FRAME_HEADER]; /* of the frame that is being received */
	uint8_t small[8];             /* its payload, when it is no input */
	size_t got;
};

struct server {
	int socket;
	struct relay *input;          /* to the container's standard input; NULL when that is closed to everybody */
	int pty;                      /* whose window clients may size, or -1 */
	struct winsize *window;       /* what they last said */
	bool once;                    /* the first client's end of input is the container's */
	struct client clients[MAX_CLIENTS];
	size_t count;
};

static void drop(struct server *s, size_t i)
{
	close(s->clients[i].fd);
	free(s->clients[i].queue);
	s->clients[i] = s->clients[--s->count];
}

static bool add_client(struct server *s, int fd)
{
	uint8_t *queue = fd >= 0 && s->count < MAX_CLIENTS && is_callers(fd) ? malloc(QUEUE) : NULL;
	if (!queue) {
		close_fd(&fd);
		return false;
	}
	s->clients[s->count++] = (struct client){ .fd = fd, .queue = queue };
	return true;
}

static void send_queue(struct client *client)
{
	while (client->start < client->end) {
		ssize_t n = send(client->fd, client->queue + client->start, client->end - client->start, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		client->deaf |= n < 0;
		client->start = client->deaf ? client->end : client->start + (size_t)n;
	}
	client->start = client->end = 0;
}

static void queue_frame(struct client *client, enum frame type, const void *payload, size_t size)
{
	if (client->deaf)
		return;
	if (client->start > 0) {
		memmove(client->queue, client->queue + client->start, client->end - client->start);
		client->end -= client->start;
		client->start = 0;
	}
	if (client->end + FRAME_HEADER + size > QUEUE)
		return; /* cannot be: see serve_has_room */
	put_header(client->queue + client->end, type, (uint32_t)size);
	memcpy(client->queue + client->end + FRAME_HEADER, payload, size);
	client->end += FRAME_HEADER + size;
}

bool serve_has_room(const struct server *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (QUEUE - (s->clients[i].end - s->clients[i].start) < 2 * (FRAME_HEADER + FRAME_PAYLOAD))
			return false;
	return true;
}

void serve_output(struct server *s, int stream, const char *bytes, size_t size)
{
	for (size_t i = s->count; i-- > 0;) {
		queue_frame(&s->clients[i], stream == 0 ? FRAME_STDOUT : FRAME_STDERR, bytes, size);
		send_queue(&s->clients[i]);
	}
}

/* NULL when nobody can type any more, or never could. */
static struct relay *open_input(const struct server *s)
{
	return s->input && s->input->to >= 0 ? s->input : NULL;
}

static bool input_is_free(const struct server *s)
{
	const struct relay *input = open_input(s);
	return !input || input->start == input->end;
}

void serve_polls(const struct server *s, struct pollfd *polls)
{
	polls[0] = (struct pollfd){ .fd = s->socket, .events = POLLIN };
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		const struct client *client = &s->clients[i];
		short in = i < s->count && input_is_free(s) ? POLLIN : 0, out = i < s->count && client->start < client->end ? POLLOUT : 0;
		polls[1 + i] = (struct pollfd){ .fd = in | out ? client->fd : -1, .events = (short)(in | out) };
	}
}

/* At a terminal the end of input is a character like others, and the client types it. */
static void end_input(struct server *s)
{
	if (!s->input || !s->once || s->pty >= 0)
		return;
	s->input->flags &= ~RELAY_FED;
	close_fd(&s->input->to);
	s->input->to = -1;
	s->input = NULL;
}

/* A small frame is complete. Returns the signal that it asks for, or 0. */
static int obey(struct server *s, const struct client *client)
{
	switch ((enum frame)client->header[0]) {
	case FRAME_WINDOW: {
		struct winsize size = { .ws_row = (unsigned short)(client->small[0] << 8 | client->small[1]), .ws_col = (unsigned short)(client->small[2] << 8 | client->small[3]) };
		*s->window = size;
		if (s->pty >= 0)
			ioctl(s->pty, TIOCSWINSZ, &size);
		return 0;
	}
	case FRAME_STDIN_END:
		end_input(s);
		return 0;
	case FRAME_SIGNAL:
		return client->small[0] < _NSIG ? client->small[0] : 0;
	default:
		return 0;
	}
}

/* As much of a frame as has come. False: the client is gone, or does not keep to the frames. */
static bool receive_frame(struct server *s, struct client *client, int *sig)
{
	if (client->got < FRAME_HEADER) {
		ssize_t n = read(client->fd, client->header + client->got, FRAME_HEADER - client->got);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		client->got += (size_t)n;
		if (client->got < FRAME_HEADER)
			return true;
	}
	size_t size = payload_size(client->header), left = size - (client->got - FRAME_HEADER);
	ssize_t n;
	if (client->header[0] == FRAME_STDIN) {
		char unwanted[4096];
		struct relay *input = open_input(s);
		size_t room = input ? sizeof input->buffer : sizeof unwanted;
		n = left == 0 ? 0 : read(client->fd, input ? input->buffer : unwanted, left < room ? left : room);
		if (input && n >= 0) {
			input->start = 0;
			input->end = (size_t)n;
		}
	} else if (size > sizeof client->small)
		return false;
	else
		n = left == 0 ? 0 : read(client->fd, client->small + (size - left), left);
	if (n <= 0 && left > 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	client->got += (size_t)n;
	if ((size_t)n < left)
		return true;
	client->got = 0;
	if (client->header[0] != FRAME_STDIN)
		*sig = obey(s, client);
	return true;
}

/* With whoever was there first the input ends. */
static void lose(struct server *s, size_t i)
{
	if (s->clients[i].first)
		end_input(s);
	drop(s, i);
}

int serve_events(struct server *s, const struct pollfd *polls)
{
	int sig = 0;
	for (size_t i = s->count; i-- > 0;) {
		const struct pollfd *p = &polls[1 + i];
		if (p->fd < 0 || !p->revents)
			continue;
		if (p->revents & (POLLOUT | POLLERR | POLLHUP))
			send_queue(&s->clients[i]);
		/* what it sent before it went is read to its end: there its descriptor says that it is gone */
		if (p->events & POLLIN && p->revents & (POLLIN | POLLERR | POLLHUP) && input_is_free(s) && !sig && !receive_frame(s, &s->clients[i], &sig))
			lose(s, i);
	}
	if (polls[0].revents)
		add_client(s, accept4(s->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
	return sig;
}

void serve_end(struct server *s, int status)
{
	uint8_t byte = (uint8_t)status;
	int64_t deadline = milliseconds() + 1000;
	for (size_t i = s->count; i-- > 0;) {
		struct client *client = &s->clients[i];
		queue_frame(client, FRAME_EXIT, &byte, 1);
		for (send_queue(client); client->start < client->end && milliseconds() < deadline; send_queue(client)) {
			struct pollfd p = { .fd = client->fd, .events = POLLOUT };
			poll(&p, 1, 100);
		}
		drop(s, i);
	}
	close_fd(&s->socket);
	free(s);
}

void serve_leave(struct server *s)
{
	for (size_t i = 0; i < s->count; i++)
		close(s->clients[i].fd);
	close_fd(&s->socket);
}

/* What clients type goes to a descriptor of the container's: the write end of its standard input, or the master of its pty. */
static struct relay *feed(struct context *c, const char *name)
{
	struct relay *relay = add_relay(c, name, name, RELAY_FED);
	if (relay)
		relay->to = copy_of(c, name);
	return relay && relay->to >= 0 ? relay : NULL;
}

static struct server *new_server(struct context *c, const char *input, int64_t flags)
{
	struct server *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	c->server = s;
	s->window = &c->window_size;
	s->socket = -1;
	s->pty = flags & SERVE_PTY ? descriptor(c, input) : -1;
	s->once = flags & SERVE_ONCE;
	s->input = strcmp(input, "null") == 0 ? NULL : feed(c, input);
	return s->input || strcmp(input, "null") == 0 ? s : NULL;
}

/* Arguments: directory, name of the socket, where input goes ("null": nowhere), SERVE_… */
int op_serve(struct context *c, const struct op *op)
{
	struct server *s = new_server(c, op->args[2].name, op->args[3].number);
	if (s)
		s->socket = listen_at(c, op, MAX_CLIENTS);
	return s && s->socket >= 0 ? 0 : -1;
}

/* The same without a socket to come to: for those that are admitted. Arguments: where input goes, SERVE_… */
int op_host(struct context *c, const struct op *op)
{
	return new_server(c, op->args[0].name, op->args[1].number) ? 0 : -1;
}

/* Somebody who is connected already. */
int op_admit(struct context *c, const struct op *op)
{
	int own = copy_of(c, op->args[0].name);
	if (own >= 0)
		errno = EINVAL; /* nobody serves, or nobody may come any more */
	if (own < 0 || !c->server || fcntl(own, F_SETFL, O_NONBLOCK) < 0 || !add_client(c->server, own))
		return -1;
	c->server->clients[c->server->count - 1].first = true;
	return 0;
}
