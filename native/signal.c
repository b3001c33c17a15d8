/* Signals to containers that somebody else holds: by pidfd, so that a pid that was given anew is never hit. */
#include <signal.h>
#include <stdlib.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

/*
 * To a process that has ended already it is no failure: the sender wanted less than that. The value tells a runner that it is for the
 * container, and not for itself (run.c).
 */
int op_signal(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name), sig = (int)op->args[1].number;
	siginfo_t info = { .si_signo = sig, .si_code = SI_QUEUE };
	if (fd < 0)
		return -1;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = SIGNAL_ASKED;
	return sys_pidfd_queue_signal(fd, sig, &info) < 0 && errno != ESRCH ? -1 : 0;
}

/* To all processes of the pid namespace but its first one and ourselves: the caller has joined it. */
int op_signal_all(struct context *c, const struct op *op)
{
	(void)c;
	return kill(-1, (int)op->args[0].number) < 0 && errno != ESRCH ? -1 : 0;
}

/*
 * Waits until a process has ended, for as many milliseconds at most (-1: without an end); then it is sent the signal and waited for
 * again. Signal 0 makes that a failure. Signals to us end the waiting.
 */
int op_await_end(struct context *c, const struct op *op)
{
	int fd = descriptor(c, op->args[0].name), ready;
	int patience = (int)op->args[1].number, sig = (int)op->args[2].number;
	if (fd < 0)
		return -1;
	for (;;) {
		struct pollfd polls[2] = { { .fd = fd, .events = POLLIN }, { .fd = c->signal_fd, .events = POLLIN } };
		while ((ready = poll(polls, 2, patience)) < 0 && errno == EINTR)
			;
		if (ready < 0 || polls[0].revents)
			return ready < 0 ? -1 : 0;
		if (polls[1].revents) {
			errno = EINTR;
			return -1;
		}
		if (!sig) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (sys_pidfd_send_signal(fd, sig) < 0 && errno != ESRCH)
			return -1;
		patience = -1;
	}
}
