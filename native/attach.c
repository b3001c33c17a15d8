/*
 * The client's side of `attach`: what the container prints comes as frames and goes to our streams, what is typed goes the other way,
 * until the container ends, or the keys to detach are typed. Neither way waits for the other: a container that does not read may be
 * waiting for us to take what it printed.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "context.h"
#include "frames.h"
#include "operations.h"
#include "serve.h"
#include "sys.h"

#define ATTACH_INPUT 1   /* what comes on standard input is typed */
#define ATTACH_PTY 2     /* at a terminal of the container's */
#define ATTACH_SIGNALS 4 /* signals go to the container */
#define ATTACH_RAW 8     /* our terminal is in raw mode: its window is the container's */
#define ATTACH_HIDDEN 16 /* what the container prints is not shown */
#define ATTACH_LEAVES 32 /* we go with the end of the input, or with the container, and tell nothing of that */
#define ATTACH_STAYS 64  /* it is begun again: its end is that of whoever holds it */
#define MOST_KEYS 64     /* to detach */

struct client {
	struct context *c;
	int socket, flags;
	struct peer *holder;          /* whoever holds the container, if we started him */
	struct span keys;             /* typed in a row, they detach */
	uint32_t matched;             /* of them so far */
	bool input_open, line_open, over;
	bool ended;                   /* the container, at least once */
	bool detached;                /* by its keys: the container lives on */
	int streams[2];               /* where its output goes */
	uint8_t out[FRAME_HEADER + FRAME_PAYLOAD + MOST_KEYS], in[FRAME_PAYLOAD];
	size_t out_start, out_end;    /* on its way to the container */
	uint8_t header[FRAME_HEADER];
	size_t got;                   /* of the frame that is coming: header and payload */
	size_t in_start, in_end;      /* of its payload, on the way to our stream */
};

static void put_frame(struct client *a, enum frame type, const uint8_t *payload, size_t size)
{
	put_header(a->out + a->out_end, type, (uint32_t)size);
	if (size > 0)
		memcpy(a->out + a->out_end + FRAME_HEADER, payload, size);
	a->out_end += FRAME_HEADER + size;
}

static void put_window(struct client *a)
{
	struct winsize size;
	if (!(a->flags & ATTACH_RAW) || ioctl(a->c->terminal, TIOCGWINSZ, &size) < 0)
		return;
	uint8_t payload[4] = { (uint8_t)(size.ws_row >> 8), (uint8_t)size.ws_row, (uint8_t)(size.ws_col >> 8), (uint8_t)size.ws_col };
	put_frame(a, FRAME_WINDOW, payload, sizeof payload);
}

/*
 * Takes the keys to detach out of what was typed: those that turned out to be something else are handed over late, as they were typed.
 * Returns the bytes that are left, in `to`.
 */
static size_t without_keys(struct client *a, const uint8_t *from, size_t size, uint8_t *to)
{
	size_t n = 0;
	for (size_t i = 0; i < size; i++) {
		if (a->keys.size > 0 && from[i] == a->keys.bytes[a->matched]) {
			if (++a->matched < a->keys.size)
				continue;
			a->over = a->detached = true;
			a->c->exit_status = 0; /* whatever that of an earlier run was */
			return n;
		}
		memcpy(to + n, a->keys.bytes, a->matched);
		n += a->matched;
		a->matched = a->keys.size > 0 && from[i] == a->keys.bytes[0] ? 1 : 0;
		if (!a->matched)
			to[n++] = from[i];
	}
	return n;
}

/* As type_end in relay.c: at a terminal the end is typed, and within a line one ^D only hands over what there is of it. */
static void end_input(struct client *a)
{
	static const uint8_t eot[2] = { 4, 4 };
	a->input_open = false;
	if (a->flags & ATTACH_PTY)
		put_frame(a, FRAME_STDIN, eot, a->line_open ? 2 : 1);
	else
		put_frame(a, FRAME_STDIN_END, eot, 0);
	if (a->flags & ATTACH_LEAVES)
		a->over = a->detached = true;
}

static void read_input(struct client *a)
{
	uint8_t typed[FRAME_PAYLOAD / 2], left[FRAME_PAYLOAD / 2 + MOST_KEYS]; /* all but the last key may have been held back */
	ssize_t n = read(0, typed, sizeof typed);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_input(a);
		return;
	}
	size_t size = without_keys(a, typed, (size_t)n, left);
	if (size > 0) {
		a->line_open = left[size - 1] != '\n';
		put_frame(a, FRAME_STDIN, left, size);
	}
}

static bool flush_out(struct client *a)
{
	while (a->out_start < a->out_end) {
		ssize_t n = send(a->socket, a->out + a->out_start, a->out_end - a->out_start, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		a->out_start += (size_t)n;
	}
	a->out_start = a->out_end = 0;
	return true;
}

/* 1: more may come; 0: the container has ended; -1: whoever held it is gone. */
static int read_frame(struct client *a)
{
	if (a->got < FRAME_HEADER) {
		ssize_t n = read(a->socket, a->header + a->got, FRAME_HEADER - a->got);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR) ? 1 : -1;
		a->got += (size_t)n;
		return 1;
	}
	size_t left = payload_size(a->header) - (a->got - FRAME_HEADER);
	ssize_t n = left == 0 ? 0 : read(a->socket, a->in, left < sizeof a->in ? left : sizeof a->in);
	if (n <= 0 && left > 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 1 : -1;
	a->got = (size_t)n == left ? 0 : a->got + (size_t)n;
	if (a->header[0] == FRAME_EXIT) {
		a->ended = true;
		a->c->exit_status = n <= 0 ? 125 : a->flags & ATTACH_LEAVES ? 0 : a->in[0];
		return a->flags & ATTACH_STAYS ? 1 : 0;
	}
	a->in_start = 0;
	bool shown = a->header[0] == FRAME_STDOUT || a->header[0] == FRAME_STDERR;
	a->in_end = shown && !(a->flags & ATTACH_HIDDEN) ? (size_t)n : 0;
	return 1;
}

static int output_of_frame(const struct client *a)
{
	return a->streams[a->header[0] == FRAME_STDERR];
}

/* A reader that went away ends us as it would end any filter; the container lives on. */
static bool write_output(struct client *a)
{
	size_t size = a->in_end - a->in_start;
	ssize_t n = write(output_of_frame(a), a->in + a->in_start, size < PIPE_BUF ? size : PIPE_BUF);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	a->in_start += (size_t)n;
	return true;
}

static void take_signal(struct client *a)
{
	struct signalfd_siginfo info;
	if (read(a->c->signal_fd, &info, sizeof info) != sizeof info)
		return;
	uint8_t sig = (uint8_t)info.ssi_signo;
	if (sig == SIGWINCH && a->flags & ATTACH_RAW)
		put_window(a);
	else if (sig == SIGCHLD || sig == SIGPIPE || sig == SIGURG || sig == SIGWINCH)
		return;
	else if (a->flags & ATTACH_SIGNALS)
		put_frame(a, FRAME_SIGNAL, &sig, 1);
	else if (sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT) {
		a->c->exit_status = 128 + sig;
		a->over = true;
		a->detached = a->flags & ATTACH_LEAVES;
	}
}

/* He says each time that it runs again; what he says at last is why it does not. */
static bool hear_holder(struct client *a)
{
	char message[2048];
	ssize_t n = receive(a->c, a->holder, message, sizeof message, NULL);
	if (n == 0)
		a->holder = NULL;
	return n >= 0;
}

static int relay_until_end(struct client *a)
{
	for (;;) {
		bool full = a->in_start < a->in_end, sending = a->out_end > 0;
		struct pollfd polls[5] = {
			{ .fd = a->c->signal_fd, .events = sending ? 0 : POLLIN },
			{ .fd = a->input_open && !sending && !a->over ? 0 : -1, .events = POLLIN },
			{ .fd = a->socket, .events = (short)((full || a->over ? 0 : POLLIN) | (sending ? POLLOUT : 0)) },
			{ .fd = full ? output_of_frame(a) : -1, .events = POLLOUT },
			{ .fd = a->holder && a->flags & ATTACH_STAYS ? a->holder->channel : -1, .events = POLLIN },
		};
		if (a->over && !sending && !full)
			return 0;
		if (poll(polls, 5, -1) < 0 && errno != EINTR)
			return -1;
		if (full && polls[3].revents && !write_output(a)) {
			a->c->exit_status = 128 + SIGPIPE;
			return 0;
		}
		if (polls[0].revents & POLLIN)
			take_signal(a);
		if (polls[1].revents && a->out_end == 0)
			read_input(a);
		if (polls[4].revents && !hear_holder(a))
			return -1;
		if (a->out_end > 0 && !flush_out(a) && !full)
			a->out_end = a->out_start = 0; /* its end is still to be read */
		if (!full && !a->over && polls[2].revents & ~POLLOUT) {
			int more = read_frame(a);
			if (more == 0 || (more < 0 && a->ended && a->flags & ATTACH_STAYS))
				return 0;
			if (more < 0) {
				errno = ECONNRESET;
				return -1;
			}
		}
	}
}

static int attach(struct context *c, struct peer *holder, const struct arg *connection, const struct arg *flags, const struct arg *keys, bool *detached)
{
	struct client *a = calloc(1, sizeof *a);
	int fd = descriptor(c, connection->name);
	if (!a || fd < 0 || keys->span.size > MOST_KEYS) {
		errno = a && fd >= 0 ? EINVAL : errno;
		free(a);
		return -1;
	}
	a->c = c;
	a->socket = fd;
	a->holder = holder;
	a->flags = (int)flags->number;
	a->keys = keys->span;
	a->input_open = a->flags & ATTACH_INPUT;
	a->streams[0] = output_of(c, "stdout");
	a->streams[1] = output_of(c, "stderr");
	put_window(a);
	int result = a->streams[0] < 0 || a->streams[1] < 0 ? -1 : relay_until_end(a);
	restore_terminal(c);
	*detached = a->detached;
	close_fd(&a->streams[0]);
	close_fd(&a->streams[1]);
	free(a);
	return result;
}

/* Arguments: the connection, ATTACH_…, the keys to detach. */
int op_attach_to(struct context *c, const struct op *op)
{
	bool detached;
	return attach(c, NULL, &op->args[0], &op->args[1], &op->args[2], &detached);
}

/*
 * The same at what we have started ourselves: it has ended only when it has cleaned up, and what went wrong then is ours to tell.
 * Arguments: who holds it, and those of attach-to.
 */
int op_attend(struct context *c, const struct op *op)
{
	bool detached = false;
	char message[2048];
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer || attach(c, peer, &op->args[1], &op->args[2], &op->args[3], &detached) < 0)
		return -1;
	if (detached)
		return send(peer->channel, "Sdetached", 9, MSG_NOSIGNAL) < 0 ? -1 : 0;
	forget_descriptor(c, op->args[1].name);
	shutdown(peer->channel, SHUT_WR); /* should we be the one who leaves, it must be seen */
	receive(c, peer, message, sizeof message, NULL);
	if (c->interrupted)
		return -1;
	reap(peer);
	if (!peer->signal)
		return 0;
	errno = ECONNRESET; /* he did not end by himself */
	return -1;
}
