/*
 * Relays: each reads one descriptor and writes another. Our own descriptors 0–2 stay blocking, because they are shared with whoever
 * called us: a write of at most PIPE_BUF bytes after POLLOUT does not block on a pipe.
 */
#include "relay.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "context.h"
#include "log.h"
#include "observe.h"
#include "operations.h"
#include "serve.h"
#include "sys.h"

struct relay *add_relay(struct context *c, const char *name, const char *target, int64_t flags)
{
	if (c->relay_count == MAX_RELAYS) {
		errno = E2BIG;
		return NULL;
	}
	struct relay *relay = calloc(1, sizeof *relay);
	if (!relay)
		return NULL;
	*relay = (struct relay){ .name = name, .target = target, .from = -1, .to = -1, .flags = (int)flags, .stream = -1 };
	return c->relays[c->relay_count++] = relay;
}

/* Bytes that the run stage moves, between copies: the plan closes the names whose end of file must be seen. */
int op_relay(struct context *c, const struct op *op)
{
	struct relay *relay = add_relay(c, op->args[0].name, op->args[1].name, op->args[2].number);
	if (!relay)
		return -1;
	relay->from = copy_of(c, relay->name);
	relay->to = output_of(c, relay->target);
	return relay->from < 0 || relay->to < 0 ? -1 : 0;
}

/* What comes from this descriptor is output of the container's: its log keeps it, and attached clients see it. */
int op_record(struct context *c, const struct op *op)
{
	int stream = strcmp(op->args[1].name, "stdout") == 0 ? 0 : strcmp(op->args[1].name, "stderr") == 0 ? 1 : -1;
	for (size_t i = 0; i < c->relay_count && stream >= 0; i++) {
		if (strcmp(c->relays[i]->name, op->args[0].name) != 0)
			continue;
		c->relays[i]->stream = stream;
		return 0;
	}
	note_path(c, op->args[0].name);
	errno = EBADF;
	return -1;
}

/*
 * ^C is a byte on its way in, of which the container's terminal makes a signal; for a pid 1 that does nothing with it the kernel drops
 * that. Nobody could end `run IMAGE sleep 60` then: so it ends what it would end outside of a container.
 */
static int typed_signal(const struct peer *peer, int terminal, const char *bytes, size_t size)
{
	struct termios modes;
	pid_t group;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] >= ' ' || tcgetattr(terminal, &modes) < 0 || !(modes.c_lflag & ISIG))
			continue;
		int sig = bytes[i] == (char)modes.c_cc[VINTR] ? SIGINT : bytes[i] == (char)modes.c_cc[VQUIT] ? SIGQUIT : 0;
		if (sig && ioctl(terminal, TIOCGPGRP, &group) == 0 && group == peer->pid && is_unhandled(group, sig))
			return sig;
	}
	return 0;
}

static void close_relay(struct relay *relay)
{
	close_fd(&relay->from);
	close_fd(&relay->to);
	relay->from = relay->to = -1;
	relay->start = relay->end = 0;
}

static bool is_full(const struct relay *relay)
{
	return relay->start < relay->end;
}

/* What the container wrote before it ended is still on its way; input is not. */
static bool is_output(const struct relay *relay)
{
	return relay->to >= 0 && !(relay->flags & (RELAY_CLOSE | RELAY_EOT | RELAY_FED));
}

/* At the beginning of a line the end of file is typed as ^D; within one the first ^D only hands over what there is of it. */
static void type_end(struct relay *relay)
{
	relay->buffer[0] = relay->buffer[1] = 4;
	relay->start = 0;
	relay->end = relay->line_open ? 2 : 1;
	close_fd(&relay->from);
	relay->from = -1;
}

/* Before it goes on its way: whoever reads the log after us finds what we have shown. */
static void record(struct context *c, const struct relay *relay, size_t size)
{
	if (relay->stream >= 0 && c->log)
		log_output(c->log, relay->stream, relay->buffer, size);
	if (relay->stream >= 0 && c->server)
		serve_output(c->server, relay->stream, relay->buffer, size);
}

static void fill(struct context *c, struct relay *relay, bool ended)
{
	ssize_t n = read(relay->from, relay->buffer, sizeof relay->buffer);
	if (n > 0) {
		record(c, relay, (size_t)n);
		relay->start = 0;
		relay->end = (size_t)n;
		relay->line_open = relay->buffer[n - 1] != '\n';
	} else if (n == 0 && relay->flags & RELAY_EOT) {
		type_end(relay);
	} else if (n < 0 && errno == EIO && is_output(relay) && !ended) {
		relay->asleep = milliseconds() + 100; /* nobody has the pty open just now; a daemon may open its console again */
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_relay(relay);
	}
}

/* Returns the signal that ends pid 1 for it, or 0. */
static int drain(struct context *c, const struct peer *peer, struct relay *relay)
{
	size_t size = relay->end - relay->start;
	ssize_t n = write(relay->to, relay->buffer + relay->start, size < PIPE_BUF ? size : PIPE_BUF);
	if (n > 0) {
		bool typed = relay->flags & RELAY_EOT || (relay->flags & RELAY_FED && isatty(relay->to));
		int sig = typed ? typed_signal(peer, relay->to, relay->buffer + relay->start, (size_t)n) : 0;
		relay->start += (size_t)n;
		if (relay->start == relay->end && relay->from < 0 && !(relay->flags & RELAY_FED))
			close_relay(relay);
		return sig;
	}
	if (n == 0 || errno == EAGAIN || errno == EINTR)
		return 0;
	bool gone = errno == EPIPE || errno == ECONNRESET || errno == EIO;
	if (!gone) { /* a full disk: the writer sees a broken pipe from here on, and we say why in the end */
		note_path(c, relay->target);
		record_failure(c, "relay", errno);
	}
	close_relay(relay);
	return gone && relay->flags & RELAY_FATAL ? SIGPIPE : 0;
}

/* A relay holds either something to write or room to read. What is typed after the end is the shell's. */
static struct pollfd poll_of(const struct context *c, const struct relay *relay, bool ended)
{
	if (ended ? !is_output(relay) : relay->asleep > milliseconds())
		return (struct pollfd){ .fd = -1 };
	if (!is_full(relay) && relay->stream >= 0 && c->server && !serve_has_room(c->server))
		return (struct pollfd){ .fd = -1 };
	return is_full(relay) ? (struct pollfd){ .fd = relay->to, .events = POLLOUT } : (struct pollfd){ .fd = relay->from, .events = POLLIN };
}

void relay_polls(const struct context *c, bool ended, struct pollfd *polls)
{
	for (size_t i = 0; i < c->relay_count; i++)
		polls[i] = poll_of(c, c->relays[i], ended);
}

int relay_events(struct context *c, const struct peer *peer, bool ended, const struct pollfd *polls)
{
	int sig = 0;
	for (size_t i = 0; i < c->relay_count; i++) {
		struct relay *relay = c->relays[i];
		if (!polls[i].revents || polls[i].fd < 0 || (polls[i].fd != relay->from && polls[i].fd != relay->to))
			continue;
		int asked = 0;
		if (is_full(relay))
			asked = drain(c, peer, relay);
		else
			fill(c, relay, ended);
		sig = sig ? sig : asked;
	}
	return sig;
}

bool relays_have_output(const struct context *c)
{
	for (size_t i = 0; i < c->relay_count; i++)
		if (is_output(c->relays[i]))
			return true;
	return false;
}

bool relays_wait_for_reader(const struct context *c)
{
	for (size_t i = 0; i < c->relay_count; i++)
		if (is_output(c->relays[i]) && is_full(c->relays[i]))
			return true;
	return false;
}

bool relays_sleep(const struct context *c)
{
	for (size_t i = 0; i < c->relay_count; i++)
		if (c->relays[i]->asleep > milliseconds())
			return true;
	return false;
}

void release_relays(struct context *c)
{
	for (size_t i = 0; i < c->relay_count; i++) {
		close_fd(&c->relays[i]->from);
		close_fd(&c->relays[i]->to);
		free(c->relays[i]);
	}
	c->relay_count = 0;
	c->watched = c->window = c->pty = -1;
}
