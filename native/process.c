/* A process's list of operations, from the first to what happens at the end, and the ends of those that it started. */
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "members.h"
#include "operations.h"
#include "sys.h"

struct peer *find_peer(struct context *c, const char *name)
{
	for (size_t i = c->peer_count; i > 0; i--) /* the newest of a name */
		if (strcmp(c->peers[i - 1].name, name) == 0)
			return &c->peers[i - 1];
	note_path(c, name);
	errno = ESRCH;
	return NULL;
}

int status_of(int s)
{
	return WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
}

int run_operations(struct context *c, const struct op_list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct op *op = &list->ops[i];
		c->failed_path[0] = 0;
		if (op->definition->run(c, op) < 0) {
			record_failure(c, op->definition->name, errno);
			return -1;
		}
	}
	return 0;
}

int run_process(struct context *c, const char *name)
{
	const struct process *process = find_process(c->plan, name);
	c->process = name;
	c->stage = "start";
	if (!process) {
		errno = ESRCH;
		record_failure(c, "start", errno);
		return -1;
	}
	return run_operations(c, &process->ops);
}

/* When what is registered by on-exit is done. */
enum when { ALWAYS = 0, ON_FAILURE = 1 /* 2: on success */ };

/* Last registered, first run; one that fails does not keep the others from running. */
void run_on_exit(struct context *c, size_t from, bool failed)
{
	while (c->on_exit_count > from) {
		c->on_exit_count--;
		c->stage = "cleanup";
		int64_t when = c->on_exit[c->on_exit_count].when;
		if (when == ALWAYS || failed == (when == ON_FAILURE))
			run_operations(c, c->on_exit[c->on_exit_count].ops);
	}
}

void reap(struct peer *peer)
{
	int status = 125 << 8; /* should it not be ours to wait for */
	while (waitpid(peer->pid, &status, 0) < 0 && errno == EINTR)
		;
	peer->ended = true;
	peer->status = status_of(status);
	peer->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void end_peers(struct context *c)
{
	for (size_t i = 0; i < c->peer_count; i++) {
		struct peer *peer = &c->peers[i];
		if (peer->ended || peer->detached || peer->pid <= 0)
			continue;
		if (peer->pidfd >= 0)
			sys_pidfd_send_signal(peer->pidfd, SIGKILL);
		else
			kill(peer->pid, SIGKILL);
		reap(peer);
	}
	end_members(c);
}

void unblock_signals(struct context *c)
{
	sigprocmask(SIG_SETMASK, &c->original_mask, NULL);
	signal(SIGPIPE, SIG_DFL);
}

/* Nothing of what our caller blocks or ignores is the container's business. */
void reset_signals(void)
{
	sigset_t none;
	for (int sig = 1; sig < _NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL); /* fails for the two that the C library keeps for itself */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int op_stage(struct context *c, const struct op *op)
{
	c->stage = op->args[0].name;
	return 0;
}

int op_wait(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer || run_until_exit(c, peer) < 0)
		return -1;
	peer->ended = true;
	c->exit_status = peer->status;
	c->exit_signal = peer->signal;
	return 0;
}

/* For processes that work for us: anything but success is our failure too. */
int op_reap(struct context *c, const struct op *op)
{
	char message[2048];
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer)
		return -1;
	ssize_t n = receive(c, peer, message, sizeof message, NULL);
	reap(peer);
	if (n >= 0 && peer->status != 0)
		errno = ECHILD;
	return n < 0 || peer->status != 0 ? -1 : 0;
}

/* What is there already is not made again: a container that is started once more finds its own. */
int op_unless(struct context *c, const struct op *op)
{
	freeing char *path = fill_text(c, op->args[0].span);
	if (!path)
		return -1;
	note_path(c, path);
	struct stat there; /* not access(2), which asks what the real uid may, and that need have no id here */
	if (fstatat(AT_FDCWD, path, &there, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return errno == ENOENT ? run_operations(c, &op->args[1].ops) : -1;
}

/* What fails here is told in the end and spoils nothing: the container runs, or has run, all the same. */
int op_attempt(struct context *c, const struct op *op)
{
	const char *stage = c->stage;
	c->stage = "cleanup";
	run_operations(c, &op->args[0].ops);
	c->stage = stage;
	return 0;
}

int op_on_exit(struct context *c, const struct op *op)
{
	if (c->on_exit_count == MAX_ON_EXIT) {
		errno = E2BIG;
		return -1;
	}
	c->on_exit[c->on_exit_count].ops = &op->args[1].ops;
	c->on_exit[c->on_exit_count++].when = op->args[0].number;
	return 0;
}

/* Of a container that exists already: ours was a new one's. */
int op_container_id(struct context *c, const struct op *op)
{
	freeing char *id = fill_text(c, op->args[0].span);
	if (!id || strlen(id) != ID_LENGTH || strspn(id, "0123456789abcdef") != ID_LENGTH) {
		errno = id ? EINVAL : errno;
		return -1;
	}
	memcpy(c->id, id, ID_LENGTH);
	return 0;
}

int op_started(struct context *c, const struct op *op)
{
	char message[160];
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer)
		return -1;
	int n = snprintf(message, sizeof message, "started%c%s%c%d", 0, c->id, 0, (int)peer->pid);
	report(c, message, (size_t)n + 1);
	return 0;
}
