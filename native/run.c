/* The run stage: one poll loop that has bytes moved, hands signals on and notices the end. */
#include <limits.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "answer.h"
#include "context.h"
#include "health.h"
#include "log.h"
#include "members.h"
#include "observe.h"
#include "operations.h"
#include "relay.h"
#include "serve.h"
#include "sys.h"

#define READER_GRACE 1000 /* milliseconds */
#define OWN_POLLS (6 + HEALTH_POLLS)

struct run {
	struct context *c;
	struct peer *peer;
	int forced;          /* status to report because we ended it, or -1 */
	bool terminating;    /* a TERM was handed on: the next one is the last */
	bool ended;
	bool abandoned;      /* a signal came after the end: what nobody reads is given up */
	int64_t reader_gone; /* when that was seen, in milliseconds, or 0 */
	int64_t written;     /* how often pid 1 had written anything then */
	int64_t deadline;    /* in milliseconds, or 0 */
	bool late;           /* it was ended for that */
};

static void end_run(struct run *run, int status)
{
	run->forced = status;
	sys_pidfd_send_signal(run->peer->pidfd, SIGKILL);
}

/* One that came to us, or that somebody asks for in so many words: an attached client, stop, kill. */
static void hand_on(struct run *run, int sig, bool asked)
{
	struct context *c = run->c;
	struct winsize size;
	if (sig == SIGCHLD || sig == SIGPIPE || sig == SIGURG)
		return;
	if (sig == SIGWINCH && c->window >= 0 && ioctl(c->window, TIOCGWINSZ, &size) == 0) {
		ioctl(c->pty, TIOCSWINSZ, &size);
		return;
	}
	if (!c->signals_to)
		return;
	bool ends = sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
	run->abandoned |= ends && run->ended;
	if (!asked && c->signal_manner & FORWARD_ASKED) {
		if (ends && !run->ended)
			end_run(run, 128 + sig);
		return;
	}
	if (sig == SIGTERM && run->terminating && c->signal_manner & FORWARD_LAST) {
		end_run(run, 128 + sig);
		return;
	}
	run->terminating |= sig == SIGTERM;
	if (ends && c->signal_manner & FORWARD_KILL && is_unhandled(run->peer->pid, sig))
		end_run(run, 128 + sig);
	else
		sys_pidfd_send_signal(run->peer->pidfd, sig);
}

static void handle_signal(struct run *run)
{
	struct signalfd_siginfo info;
	if (read(run->c->signal_fd, &info, sizeof info) == sizeof info)
		hand_on(run, (int)info.ssi_signo, info.ssi_code == SI_QUEUE && info.ssi_int == SIGNAL_ASKED);
}

static int collect(struct run *run)
{
	int status = 125 << 8; /* should it not be ours to wait for */
	if (waitpid(run->peer->pid, &status, WNOHANG) == 0)
		return 0;
	run->peer->status = run->forced >= 0 ? run->forced : status_of(status);
	run->peer->signal = run->forced > 128 ? run->forced - 128 : WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end_members(run->c);
	return 1;
}

/*
 * A reader that went away kills an ordinary writer by SIGPIPE; pid 1 is spared by the kernel and could write into nothing for ever. So
 * one that goes on writing gets a second to notice by itself, and then another one each time that it says it handles the signal. One
 * that writes no more is let be, as it would be outside.
 */
static void check_reader(struct run *run, const struct pollfd *watched)
{
	if (watched->revents & POLLNVAL) /* nobody reads there */
		run->c->watched = -1;
	if (!(watched->revents & (POLLERR | POLLHUP))) /* a pipe says the first, a socket the second */
		return;
	if (!run->reader_gone) { /* the write that was still read may not be counted yet: we look again in a moment */
		run->reader_gone = milliseconds() - READER_GRACE + 100;
		run->written = INT64_MAX;
		return;
	}
	int64_t written = writes_of(run->peer->pid);
	bool goes_on = written < 0 || written > run->written;
	if (goes_on && is_unhandled(run->peer->pid, SIGPIPE))
		end_run(run, 128 + SIGPIPE);
	run->reader_gone = milliseconds();
	run->written = written;
}

/* In milliseconds. After the end a slow reader may take its time, but a writer that is still there could only be somebody's outside. */
static int patience(const struct run *run)
{
	if (run->ended)
		return relays_wait_for_reader(run->c) ? -1 : 10000;
	int probe = run->c->health ? health_patience(run->c->health) : -1;
	bool soon = run->reader_gone || relays_sleep(run->c);
	return soon && (probe < 0 || probe > 100) ? 100 : probe;
}

/* The same, but never beyond the end of the time that the run has. */
static int patience_within(const struct run *run)
{
	int most = patience(run);
	if (!run->deadline || run->ended || run->forced >= 0)
		return most;
	int64_t left = run->deadline - milliseconds();
	left = left < 0 ? 0 : left > INT_MAX ? INT_MAX : left;
	return most < 0 || left < most ? (int)left : most;
}

static void check_deadline(struct run *run)
{
	if (!run->deadline || run->ended || run->forced >= 0 || milliseconds() < run->deadline)
		return;
	run->late = true;
	end_run(run, run->c->time_limit_status);
}

/* Whoever we are tied to leaves on purpose, or is lost. */
bool tie_broken(struct context *c)
{
	char message[2048];
	struct peer *peer = find_peer(c, c->tied_to);
	ssize_t n = peer ? receive(c, peer, message, sizeof message, NULL) : -1;
	c->tied_to = NULL;
	c->lost = n <= 0 || strcmp(message, "Sdetached") != 0;
	return c->lost;
}

/* -1 when we are tied to nobody, or to one of an earlier run. */
int tie_of(struct context *c)
{
	const struct peer *peer = c->tied_to ? find_peer(c, c->tied_to) : NULL;
	return peer ? peer->channel : -1;
}

/* From here on. */
int op_tie(struct context *c, const struct op *op)
{
	if (!find_peer(c, op->args[0].name))
		return -1;
	c->tied_to = op->args[0].name;
	return 0;
}

static void end_recording(struct context *c, int status)
{
	for (int stream = 0; c->log && stream < 2; stream++)
		log_end(c->log, stream);
	if (c->server)
		serve_end(c->server, status);
	c->server = NULL;
}

/* To whoever is there: the caller, or those who are attached, at a terminal that may still be raw. */
static void tell_late(struct context *c)
{
	if (c->server) {
		serve_output(c->server, 1, "tsrun: ", 7);
		serve_output(c->server, 1, c->time_limit_words, strlen(c->time_limit_words));
		serve_output(c->server, 1, "\r\n", 2);
	}
	if (c->report_fd < 0)
		dprintf(2, "tsrun: %s\n", c->time_limit_words);
}

int run_until_exit(struct context *c, struct peer *peer)
{
	struct run run = { .c = c, .peer = peer, .forced = -1 };
	run.deadline = c->time_limit ? milliseconds() + c->time_limit * 1000 : 0;
	while (!run.ended || (relays_have_output(c) && !run.abandoned)) {
		struct pollfd polls[OWN_POLLS + MAX_RELAYS + SERVE_POLLS];
		size_t count = OWN_POLLS + c->relay_count;
		bool over = run.ended || run.forced >= 0;
		polls[0] = (struct pollfd){ .fd = c->signal_fd, .events = POLLIN };
		polls[1] = (struct pollfd){ .fd = run.ended ? -1 : peer->pidfd, .events = POLLIN };
		polls[2] = (struct pollfd){ .fd = over || (run.reader_gone && milliseconds() - run.reader_gone < READER_GRACE) ? -1 : c->watched };
		polls[3] = (struct pollfd){ .fd = over ? -1 : c->report_fd };
		polls[4] = (struct pollfd){ .fd = over ? -1 : tie_of(c), .events = POLLIN };
		polls[5] = (struct pollfd){ .fd = answer_poll(c), .events = POLLIN };
		health_polls(c->health, polls + 6);
		relay_polls(c, run.ended, polls + OWN_POLLS);
		if (c->server)
			serve_polls(c->server, polls + count);
		int ready = poll(polls, count + (c->server ? SERVE_POLLS : 0), patience_within(&run));
		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready == 0 && run.ended)
			break;
		if (polls[0].revents)
			handle_signal(&run);
		check_deadline(&run);
		check_reader(&run, &polls[2]);
		if (polls[3].revents & (POLLHUP | POLLERR)) /* the program that started us is gone: a foreground run goes with it */
			end_run(&run, 128 + SIGKILL);
		if (polls[4].revents && tie_broken(c))
			end_run(&run, 128 + SIGKILL);
		if (polls[5].revents)
			answer_event(c, polls[5].revents);
		int broken = relay_events(c, peer, run.ended, polls + OWN_POLLS);
		if (broken && run.forced < 0)
			end_run(&run, 128 + broken);
		int sig = c->server ? serve_events(c->server, polls + count) : 0;
		if (sig && !run.ended)
			hand_on(&run, sig, true);
		if (!run.ended && polls[1].revents)
			run.ended = collect(&run);
		if (c->health && run.ended)
			health_end(c);
		else if (c->health)
			health_events(c, polls + 6);
	}
	restore_terminal(c);
	c->late = run.late;
	if (run.late)
		tell_late(c);
	end_recording(c, peer->status);
	return 0;
}
