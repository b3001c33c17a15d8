/*
 * Health checks. The rules are docker's (moby, daemon/health.go): the first probe comes after one interval; `retries` failures in a row
 * make it unhealthy, one success healthy; failures during the start period do not count until it has been healthy once.
 */
#include "health.h"

#include <stdio.h>
#include <stdlib.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

#define OUTPUT 4096      /* bytes of a probe's output that are kept: docker's */
#define GRACE 1000       /* milliseconds between what ends a probe that takes too long and the next, ruder one */

#define LONGEST (1LL << 52) /* milliseconds: sums of a few are numbers, too */

enum word { STARTING, HEALTHY, UNHEALTHY };

struct health {
	const struct op *op;
	int64_t interval, timeout, start_period, start_interval; /* milliseconds */
	int64_t retries, kept;
	char *not_now;           /* while this file is there, none is begun */
	enum word word;
	int64_t streak, count;   /* failures in a row; probes so far */
	int64_t since, due;      /* in milliseconds: when the container began, when the next probe does */
	struct peer probe;       /* who runs it; pid 0: none */
	int output;              /* what it prints, or -1 */
	int64_t deadline;        /* when it has taken too long, or the next blow falls */
	int blows;
	int64_t probe_begun_at;
	char begun[40], ended[40];
	int status;              /* -1: it took too long */
	char text[OUTPUT + 1];
	size_t size;
};

/* A number of a descriptor that is closed is another's soon: none is kept. */
static const struct peer nobody = { .pidfd = -1, .channel = -1 };

/* Arguments: interval, timeout, start period and start interval in milliseconds, retries, how many results are kept; a file that says
 * not now; the probe, whose output goes to the descriptor "probe"; what is done after each; and after each that changes the word. */
int op_health(struct context *c, const struct op *op)
{
	const int64_t *numbers = op->args[0].vector;
	bool good = op->args[0].count == 6;
	for (int i = 0; good && i < 6; i++)
		good = numbers[i] >= (i != 2) && numbers[i] <= LONGEST;
	if (!good) {
		errno = EINVAL;
		return -1;
	}
	struct health *h = calloc(1, sizeof *h);
	if (!h || !(h->not_now = fill_text(c, op->args[1].span))) {
		free(h);
		return -1;
	}
	h->op = op;
	h->interval = numbers[0];
	h->timeout = numbers[1];
	h->start_period = numbers[2];
	h->start_interval = numbers[3];
	h->retries = numbers[4];
	h->kept = numbers[5];
	h->probe = nobody;
	h->output = -1;
	h->since = milliseconds();
	h->due = h->since + (h->start_period > 0 ? h->start_interval : h->interval);
	c->health = h;
	return 0;
}

static bool is_starting(const struct health *h, int64_t at)
{
	return h->word == STARTING && at - h->since < h->start_period;
}

void health_polls(const struct health *h, struct pollfd *polls)
{
	bool probing = h && h->probe.pid > 0;
	polls[0] = (struct pollfd){ .fd = probing ? h->probe.pidfd : -1, .events = POLLIN };
	polls[1] = (struct pollfd){ .fd = probing ? h->output : -1, .events = POLLIN };
}

int health_patience(const struct health *h)
{
	int64_t left = (h->probe.pid > 0 ? h->deadline : h->due) - milliseconds();
	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static void take_output(struct health *h)
{
	char more[OUTPUT];
	ssize_t n = read(h->output, more, sizeof more);
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN) {
			close_fd(&h->output);
			h->output = -1;
		}
		return;
	}
	size_t room = OUTPUT - h->size, take = (size_t)n < room ? (size_t)n : room;
	memcpy(h->text + h->size, more, take);
	h->size += take;
}

static void let_go(struct health *h)
{
	close_fd(&h->probe.channel);
	close_fd(&h->probe.pidfd);
	close_fd(&h->output);
	h->probe = nobody;
	h->output = -1;
}

/* What it prints comes through a pipe that only it and its like can write to. */
static int begin_probe(struct context *c, struct health *h)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	h->output = ends[0];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 || name_descriptor(c, "probe", ends[1]) < 0)
		return -1;
	int begun = start_plan(c, "probe", h->op->args[2].plan);
	forget_descriptor(c, "probe");
	if (begun < 0)
		return -1;
	h->probe = c->peers[--c->peer_count]; /* ours to end: it comes and goes many times */
	return 0;
}

static void judge(struct health *h, bool counts)
{
	if (h->status == 0) {
		h->streak = 0;
		h->word = HEALTHY;
	} else if (counts && ++h->streak >= h->retries) {
		h->word = UNHEALTHY;
	}
}

static void end_probe(struct context *c, struct health *h)
{
	enum word before = h->word;
	for (char *zero; (zero = memchr(h->text, 0, h->size));)
		*zero = (char)0xff; /* no text has one: it is shown as what is no character */
	h->text[h->size] = 0;
	format_now(h->ended, sizeof h->ended);
	judge(h, !is_starting(h, h->probe_begun_at));
	run_operations(c, &h->op->args[3].ops);
	if (h->word != before)
		run_operations(c, &h->op->args[4].ops);
	h->count++;
	int64_t now = milliseconds();
	h->due = now + (is_starting(h, now) ? h->start_interval : h->interval);
}

static void probe(struct context *c, struct health *h)
{
	h->probe_begun_at = milliseconds();
	h->size = 0;
	h->blows = 0;
	format_now(h->begun, sizeof h->begun);
	h->deadline = h->probe_begun_at + h->timeout;
	if (begin_probe(c, h) == 0)
		return;
	h->size = (size_t)snprintf(h->text, sizeof h->text, "cannot be run: %s", strerror(errno));
	h->status = 125;
	let_go(h);
	end_probe(c, h);
}

/* Politely first: it hands the signal on to what it runs, and the second one ends that in any case. */
static void strike(struct health *h)
{
	sys_pidfd_send_signal(h->probe.pidfd, h->blows++ < 2 ? SIGTERM : SIGKILL);
	h->deadline = milliseconds() + GRACE;
}

static void collect_probe(struct context *c, struct health *h)
{
	reap(&h->probe);
	while (h->output >= 0 && h->size < OUTPUT) {
		size_t before = h->size;
		take_output(h);
		if (h->size == before)
			break;
	}
	h->status = h->probe.status;
	if (h->blows > 0) {
		h->size = (size_t)snprintf(h->text, sizeof h->text, "the health check took more than %lld ms", (long long)h->timeout);
		h->status = -1;
	}
	let_go(h);
	end_probe(c, h);
}

void health_events(struct context *c, const struct pollfd *polls)
{
	struct health *h = c->health;
	bool probing = h->probe.pid > 0;
	if (probing && polls[1].fd >= 0 && polls[1].revents)
		take_output(h);
	if (probing && polls[0].fd >= 0 && polls[0].revents)
		collect_probe(c, h);
	else if (probing && milliseconds() >= h->deadline)
		strike(h);
	else if (!probing && milliseconds() >= h->due) {
		if (access(h->not_now, F_OK) == 0)
			h->due = milliseconds() + h->interval;
		else
			probe(c, h);
	}
}

void health_end(struct context *c)
{
	struct health *h = c->health;
	if (h->probe.pid > 0) {
		sys_pidfd_send_signal(h->probe.pidfd, SIGKILL);
		reap(&h->probe);
		let_go(h);
	}
	free(h->not_now);
	free(h);
	c->health = NULL;
}

void health_leave(struct health *h)
{
	close_fd(&h->probe.channel);
	close_fd(&h->probe.pidfd);
	close_fd(&h->output);
}

const char *health_word(const struct health *h)
{
	static const char *const words[] = { "starting", "healthy", "unhealthy" };
	errno = ENODATA;
	return h ? words[h->word] : NULL;
}

int64_t health_streak(const struct health *h)
{
	return h ? h->streak : 0;
}

static bool is(struct span name, const char *text)
{
	return name.size == strlen(text) && memcmp(name.bytes, text, name.size) == 0;
}

const char *probe_value(const struct health *h, struct span name, char *scratch, size_t size)
{
	errno = ENODATA;
	if (!h)
		return NULL;
	if (is(name, "begun"))
		return h->begun;
	if (is(name, "ended"))
		return h->ended;
	if (is(name, "output"))
		return h->text;
	snprintf(scratch, size, "%lld", is(name, "turn") ? (long long)(h->count % h->kept) : (long long)h->status);
	return scratch;
}
