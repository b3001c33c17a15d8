/* Running a container again when it has ended: --restart. What a run made is let go before the next one begins. */
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>

#include "context.h"
#include "operations.h"
#include "relay.h"
#include "serve.h"
#include "sys.h"

enum policy { NEVER = 0, ON_FAILURE = 1, ALWAYS = 2 };

#define PAUSE_FIRST 100     /* milliseconds, twice as long each time */
#define PAUSE_MOST 60000
#define RAN_LONG_ENOUGH 10000 /* to begin with the first pause again */

static void release_peers(struct context *c, size_t from)
{
	end_peers(c);
	for (size_t i = from; i < c->peer_count; i++) {
		close_fd(&c->peers[i].channel);
		close_fd(&c->peers[i].pidfd);
	}
	c->peer_count = from;
}

static int run_once(struct context *c, const struct op_list *ops)
{
	size_t peers = c->peer_count, on_exit_count = c->on_exit_count;
	int result = run_operations(c, ops);
	if (c->server) /* it could not begin */
		serve_end(c->server, 125);
	c->server = NULL;
	release_peers(c, peers);
	run_on_exit(c, on_exit_count, result < 0);
	release_relays(c);
	c->signals_to = NULL;
	return result;
}

/* False: a signal, or the file, says that it is enough, or whom we are tied to is lost. There is nobody to hand the signal to. */
static bool wait_between(struct context *c, int64_t pause, const char *enough)
{
	for (int64_t until = milliseconds() + pause; milliseconds() < until;) {
		struct signalfd_siginfo info;
		struct pollfd p[2] = { { .fd = c->signal_fd, .events = POLLIN }, { .fd = tie_of(c), .events = POLLIN } };
		int64_t left = until - milliseconds();
		int ready = poll(p, 2, left < 100 ? (int)left : 100);
		if (ready > 0 && p[1].revents && tie_broken(c))
			return false;
		if (ready > 0 && p[0].revents && read(c->signal_fd, &info, sizeof info) == sizeof info)
			if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT || info.ssi_signo == SIGHUP || info.ssi_signo == SIGQUIT)
				return false;
		if (access(enough, F_OK) == 0)
			return false;
	}
	return access(enough, F_OK) != 0;
}

/*
 * Arguments: when, how many times more at most (0: no limit), a file that says that it is enough, what is done each time, and what in
 * front of each pause. A run that cannot begin is not tried again.
 */
int op_repeat(struct context *c, const struct op *op)
{
	int64_t when = op->args[0].number, most = op->args[1].number, pause = PAUSE_FIRST;
	freeing char *enough = fill_text(c, op->args[2].span);
	if (!enough)
		return -1;
	for (;;) {
		int64_t begun = milliseconds();
		if (run_once(c, &op->args[3].ops) < 0)
			return -1;
		bool again = when == ALWAYS || (when == ON_FAILURE && c->exit_status != 0 && (most == 0 || c->restarts < most));
		if (!again || c->lost || access(enough, F_OK) == 0)
			return 0;
		if (milliseconds() - begun > RAN_LONG_ENOUGH)
			pause = PAUSE_FIRST;
		c->restarts++;
		if (run_operations(c, &op->args[4].ops) < 0)
			return -1;
		if (!wait_between(c, pause, enough))
			return 0;
		pause = pause * 2 < PAUSE_MOST ? pause * 2 : PAUSE_MOST;
	}
}
