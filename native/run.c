/*
 * The run stage: one poll loop that moves bytes, hands signals on and notices the end. Our own descriptors 0–2 stay blocking, because
 * they are shared with whoever called us: a write of at most PIPE_BUF bytes after POLLOUT does not block on a pipe.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>

#include "context.h"
#include "sys.h"

struct run {
	struct context *c;
	struct peer *peer;
	int forced;          /* status to report because we ended it, or -1 */
	bool terminating;    /* a TERM was handed on: the next one is the last */
	int64_t reader_gone; /* when, in milliseconds, or 0 */
};

static int64_t milliseconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Would pid 1 do anything with this signal? The kernel drops what it neither catches, ignores nor blocks. */
static bool is_unhandled(pid_t pid, int sig)
{
	char path[64], line[256];
	bool handled = false;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *status = fopen(path, "re");
	if (!status)
		return false;
	while (fgets(line, sizeof line, status))
		if (strncmp(line, "SigBlk:", 7) == 0 || strncmp(line, "SigIgn:", 7) == 0 || strncmp(line, "SigCgt:", 7) == 0)
			handled |= strtoull(line + 7, NULL, 16) >> (sig - 1) & 1;
	fclose(status);
	return !handled;
}

static void end_run(struct run *run, int status)
{
	run->forced = status;
	sys_pidfd_send_signal(run->peer->pidfd, SIGKILL);
}

static void handle_signal(struct run *run)
{
	struct context *c = run->c;
	struct signalfd_siginfo info;
	struct winsize size;
	if (read(c->signal_fd, &info, sizeof info) != sizeof info)
		return;
	int sig = (int)info.ssi_signo;
	if (sig == SIGCHLD || sig == SIGPIPE || sig == SIGURG)
		return;
	if (sig == SIGWINCH && c->terminal >= 0) {
		if (ioctl(c->terminal, TIOCGWINSZ, &size) == 0)
			ioctl(c->pty, TIOCSWINSZ, &size);
		return;
	}
	if (!c->signals_to)
		return;
	bool ends = sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
	if (sig == SIGTERM && run->terminating) {
		end_run(run, 128 + sig);
		return;
	}
	run->terminating |= sig == SIGTERM;
	if (ends && c->kill_unhandled && is_unhandled(run->peer->pid, sig))
		end_run(run, 128 + sig);
	else
		sys_pidfd_send_signal(run->peer->pidfd, sig);
}

static void close_relay(struct relay *relay)
{
	close_fd(&relay->from);
	close_fd(&relay->to);
	relay->from = relay->to = -1;
}

static void fill_relay(struct relay *relay)
{
	ssize_t n = read(relay->from, relay->buffer, sizeof relay->buffer);
	if (n > 0) {
		relay->start = 0;
		relay->end = (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) { /* EIO: the last holder of the pty is gone */
		if (n == 0 && relay->flags & RELAY_EOT) {
			relay->buffer[0] = 4;
			relay->start = 0;
			relay->end = 1;
			close_fd(&relay->from);
			relay->from = -1;
		} else {
			close_relay(relay);
		}
	}
}

static void drain_relay(struct run *run, struct relay *relay)
{
	size_t size = relay->end - relay->start;
	ssize_t n = write(relay->to, relay->buffer + relay->start, size < PIPE_BUF ? size : PIPE_BUF);
	if (n > 0) {
		relay->start += (size_t)n;
		if (relay->start == relay->end && relay->from < 0)
			close_relay(relay);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		if (relay->flags & RELAY_FATAL && run->forced < 0)
			end_run(run, 128 + SIGPIPE);
		close_relay(relay);
	}
}

static int collect(struct run *run)
{
	int status;
	if (waitpid(run->peer->pid, &status, WNOHANG) <= 0)
		return 0;
	run->peer->status = run->forced >= 0 ? run->forced : status_of(status);
	return 1;
}

/*
 * A reader that went away kills an ordinary writer by SIGPIPE; pid 1 is spared by the kernel and could write into nothing for ever.
 * So it gets a second to notice by itself, unless it said that it handles the signal.
 */
static void check_reader(struct run *run, const struct pollfd *watched)
{
	if (!(watched->revents & POLLERR))
		return;
	if (!run->reader_gone)
		run->reader_gone = milliseconds();
	else if (milliseconds() - run->reader_gone >= 1000 && is_unhandled(run->peer->pid, SIGPIPE))
		end_run(run, 128 + SIGPIPE);
}

/* What the container wrote before it ended is still on its way; input is not. */
static bool output_left(const struct context *c)
{
	for (size_t i = 0; i < c->relay_count; i++)
		if (c->relays[i]->to >= 0 && !(c->relays[i]->flags & (RELAY_CLOSE | RELAY_EOT)))
			return true;
	return false;
}

int run_until_exit(struct context *c, struct peer *peer)
{
	struct run run = { .c = c, .peer = peer, .forced = -1 };
	bool ended = false;
	int64_t deadline = 0;
	while (!ended || output_left(c)) {
		struct pollfd polls[4 + MAX_RELAYS];
		polls[0] = (struct pollfd){ .fd = c->signal_fd, .events = POLLIN };
		polls[1] = (struct pollfd){ .fd = ended ? -1 : peer->pidfd, .events = POLLIN };
		polls[2] = (struct pollfd){ .fd = ended || run.forced >= 0 || (run.reader_gone && milliseconds() - run.reader_gone < 1000) ? -1 : c->watched };
		polls[3] = (struct pollfd){ .fd = ended || run.forced >= 0 ? -1 : c->report_fd };
		for (size_t i = 0; i < c->relay_count; i++) {
			struct relay *relay = c->relays[i];
			bool full = relay->start < relay->end;
			polls[4 + i] = (struct pollfd){ .fd = full ? relay->to : relay->from, .events = full ? POLLOUT : POLLIN };
		}
		/* descendants that left our pipes open end with the pid namespace; a second is plenty for what is buffered */
		if (ended && !deadline)
			deadline = milliseconds() + 10000;
		int timeout = ended ? (int)(deadline - milliseconds()) : run.reader_gone ? 100 : -1;
		if (ended && timeout <= 0)
			break;
		if (poll(polls, 4 + c->relay_count, timeout) < 0 && errno != EINTR)
			return -1;
		if (polls[0].revents)
			handle_signal(&run);
		check_reader(&run, &polls[2]);
		if (polls[3].revents & (POLLHUP | POLLERR)) /* the program that started us is gone: a foreground run goes with it */
			end_run(&run, 128 + SIGKILL);
		for (size_t i = 0; i < c->relay_count; i++) {
			struct relay *relay = c->relays[i];
			if (!polls[4 + i].revents || polls[4 + i].fd < 0)
				continue;
			if (relay->start < relay->end)
				drain_relay(&run, relay);
			else
				fill_relay(relay);
		}
		if (!ended && polls[1].revents)
			ended = collect(&run);
	}
	restore_terminal(c);
	return 0;
}
