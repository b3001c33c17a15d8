/* How a process starts another: in new namespaces, in those of a container, or to outlive its parent. README.md draws it. */
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "health.h"
#include "log.h"
#include "members.h"
#include "operations.h"
#include "relay.h"
#include "serve.h"
#include "sys.h"

#define ALL_NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME)

/* In a fresh child: what belongs to the parent alone is let go, so that an end of file means what it says. */
static void leave_parent(struct context *c, int channel, const char *parent)
{
	for (size_t i = 0; i < c->peer_count; i++) {
		close_fd(&c->peers[i].channel);
		close_fd(&c->peers[i].pidfd);
	}
	release_relays(c);
	if (c->log)
		log_leave(c->log);
	if (c->server)
		serve_leave(c->server);
	if (c->health)
		health_leave(c->health);
	c->log = NULL;
	c->server = NULL;
	c->health = NULL;
	c->peers[0] = (struct peer){ .name = parent, .pid = 0, .pidfd = -1, .channel = channel };
	c->peer_count = 1;
	c->on_exit_count = 0;
	c->terminal = -1;
	c->interruptible = false;
	c->signals_to = c->tied_to = c->members = NULL;
	c->mark = 0;
	c->time_limit = 0;
	c->exit_status = 0;
	c->failure.error = 0;
	close_fd(&c->report_fd);
	c->report_fd = -1;
}

static pid_t clone_process(uint64_t flags, int *pidfd)
{
	struct clone_args args = { .flags = flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0 && errno == ENOSYS && !(flags & CSIGNAL)) /* an outer seccomp profile hides clone3 */
		pid = (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, 0);
	return pid;
}

/* For the slots pid and start-time. */
static void note_container(struct context *c, const char *name, pid_t pid)
{
	if (strcmp(name, "child") != 0)
		return;
	c->container_pid = pid;
	read_start_time(pid, c->started_at, sizeof c->started_at);
	format_now(c->running_since, sizeof c->running_since);
}

static int start_process(struct context *c, const char *name, const char *parent, uint64_t flags, const struct plan *plan, const char *runs)
{
	int pair[2], pidfd = -1;
	if (c->peer_count == PLAN_MAX_PROCESSES) {
		errno = EAGAIN;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	pid_t pid = clone_process(flags, &pidfd);
	if (pid < 0) {
		int saved = errno;
		close(pair[0]);
		close(pair[1]);
		errno = saved;
		return -1;
	}
	if (pid == 0) {
		close(pair[0]);
		leave_parent(c, pair[1], parent);
		c->plan = plan;
		int result = run_process(c, runs);
		if (result < 0)
			tell_failure(c);
		end_peers(c);
		run_on_exit(c, 0, result < 0);
		if (result >= 0 && c->failure.error) /* it was well, what came after it was not */
			tell_failure(c);
		_exit(result < 0 ? 125 : c->exit_status);
	}
	close(pair[1]);
	fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	c->peers[c->peer_count++] = (struct peer){ .name = name, .pid = pid, .pidfd = pidfd, .channel = pair[0] };
	note_container(c, name, pid);
	return 0;
}

int op_clone(struct context *c, const struct op *op)
{
	if (op->args[1].number & ~(int64_t)ALL_NAMESPACES) {
		errno = EINVAL;
		return -1;
	}
	return start_process(c, op->args[0].name, c->process, (uint64_t)op->args[1].number, c->plan, op->args[0].name);
}

/* A process that we started, as a descriptor that other processes of the plan can be given. */
int op_name_process(struct context *c, const struct op *op)
{
	const struct peer *peer = find_peer(c, op->args[0].name);
	return peer ? name_descriptor(c, op->args[1].name, fcntl(peer->pidfd, F_DUPFD_CLOEXEC, 3)) : -1;
}

int rid_of_streams(struct context *c)
{
	close_fd(&c->signal_fd);
	close_fd(&c->self_fd);
	c->signal_fd = c->self_fd = -1; /* the numbers may be somebody else's soon */
	closing int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -1;
	return 0;
}

/* Everything but what it watches and the lock is let go: a stream held open here would never end for its reader. */
int hold_only(struct context *c, const int *fds, size_t count)
{
	for (size_t i = 0; i < c->descriptor_count; i++) {
		bool held = c->descriptors[i].fd <= 2;
		for (size_t n = 0; n < count; n++)
			held |= c->descriptors[i].fd == fds[n];
		if (held)
			continue;
		close_fd(&c->descriptors[i].fd);
		c->descriptors[i].fd = -1;
	}
	return rid_of_streams(c);
}

static int keep(struct context *c, int process, int lock, int members)
{
	const int held[] = { process, lock, members };
	if (process < 0 || lock < 0 || setsid() < 0 || hold_only(c, held, 3) < 0)
		return -1;
	struct pollfd parent = { .fd = c->peers[0].channel }, container = { .fd = process, .events = POLLIN };
	while (poll(&parent, 1, -1) < 0)
		if (errno != EINTR)
			return -1;
	sys_pidfd_send_signal(process, SIGKILL);
	while (poll(&container, 1, -1) < 0 && errno == EINTR)
		;
	end_members(c);
	return 0;
}

/*
 * The keeper: waits for the end of its parent, kill -9 included, and then ends the container, which may have cleared its own
 * parent-death signal. The lock stays held until the container is gone.
 */
int op_keep(struct context *c, const struct op *op)
{
	return keep(c, descriptor(c, op->args[0].name), descriptor(c, op->args[1].name), -1);
}

/* The same where the container's end is not that of all its processes. */
int op_keep_members(struct context *c, const struct op *op)
{
	c->members = op->args[2].name;
	int members = descriptor(c, c->members);
	return members < 0 ? -1 : keep(c, descriptor(c, op->args[0].name), descriptor(c, op->args[1].name), members);
}

int start_plan(struct context *c, const char *name, const struct plan *plan)
{
	return start_process(c, name, "caller", 0, plan, plan->processes[0].name);
}

/* A plan within the plan: its first process outlives us, and knows us as "caller" while we are there. */
int op_detach(struct context *c, const struct op *op)
{
	if (start_plan(c, op->args[0].name, op->args[1].plan) < 0)
		return -1;
	c->peers[c->peer_count - 1].detached = true;
	return 0;
}

/* pdeathsig alone would miss a parent that died before it was set: then the channel is at its end. */
int op_die_with_parent(struct context *c, const struct op *op)
{
	(void)op;
	struct pollfd p = { .fd = c->peers[0].channel };
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (poll(&p, 1, 0) > 0 && p.revents & POLLHUP)
		_exit(125);
	return 0;
}

/* After joining a pid namespace only a new process is in it. It becomes our parent's child, by CLONE_PARENT, and we are gone. */
int op_continue(struct context *c, const struct op *op)
{
	int pidfd = -1;
	char message[32];
	pid_t pid = clone_process(CLONE_PARENT, &pidfd);
	if (pid < 0)
		return -1;
	if (pid == 0)
		return await_tag(c, op->args[0].name, "continued"); /* who joined speaks through the same channel */
	close_fd(&pidfd);
	int n = snprintf(message, sizeof message, "P%d", (int)pid);
	ssize_t sent = send(c->peers[0].channel, message, (size_t)n, MSG_NOSIGNAL);
	_exit(sent < 0 ? 125 : 0);
}

int op_continued(struct context *c, const struct op *op)
{
	char message[2048];
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer || receive(c, peer, message, sizeof message, NULL) < 0)
		return -1;
	if (message[0] != 'P') {
		errno = EPROTO;
		return -1;
	}
	reap(peer);
	siginfo_t unused;
	pid_t pid = atoi(message + 1);
	if (waitid(P_PID, (id_t)pid, &unused, WEXITED | WNOHANG | WNOWAIT) < 0)
		return -1; /* ours to signal is only a child of ours */
	close_fd(&peer->pidfd);
	peer->pidfd = sys_pidfd_open(pid);
	if (peer->pidfd < 0)
		return -1;
	peer->pid = pid;
	peer->ended = false;
	note_container(c, peer->name, peer->pid);
	return send(peer->channel, "Scontinued", 10, MSG_NOSIGNAL) < 0 ? -1 : 0;
}
