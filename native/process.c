/*
 * The processes of a plan: how one starts another, how they speak, how they end. The drawing is in README.md beside this file.
 * Messages on a channel: 'S' tag (send), 'F' record (failure), 'D' name with a descriptor, 'P' pid (continue).
 */
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "operations.h"
#include "sys.h"

#define ALL_NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME)

int name_descriptor(struct context *c, const char *name, int fd)
{
	if (fd < 0)
		return -1;
	forget_descriptor(c, name);
	char *copy = strdup(name);
	if (!copy || c->descriptor_count == MAX_DESCRIPTORS) {
		free(copy);
		close(fd);
		errno = copy ? EMFILE : ENOMEM;
		return -1;
	}
	c->descriptors[c->descriptor_count++] = (struct descriptor){ copy, fd };
	return 0;
}

int descriptor(struct context *c, const char *name)
{
	for (size_t i = 0; i < c->descriptor_count; i++)
		if (strcmp(c->descriptors[i].name, name) == 0)
			return c->descriptors[i].fd;
	note_path(c, name);
	errno = EBADF;
	return -1;
}

/* Closes it and takes the name away. The standard streams stay open: others are copied onto them. */
void forget_descriptor(struct context *c, const char *name)
{
	for (size_t i = 0; i < c->descriptor_count; i++) {
		if (strcmp(c->descriptors[i].name, name) != 0)
			continue;
		if (c->descriptors[i].fd > 2)
			close(c->descriptors[i].fd);
		free((void *)c->descriptors[i].name);
		c->descriptors[i] = c->descriptors[--c->descriptor_count];
		return;
	}
}

static int move_away(int *fd, int from)
{
	if (*fd != from)
		return 0;
	int copy = fcntl(from, F_DUPFD_CLOEXEC, from + 1);
	if (copy < 0)
		return -1;
	*fd = copy;
	return 0;
}

/*
 * Another descriptor is to get this number: whatever of ours has it by chance goes on under a higher one. The standard streams' names
 * go with their numbers.
 */
int vacate(struct context *c, int fd)
{
	if (fd <= 2)
		return 0;
	int *own[] = { &c->signal_fd, &c->report_fd, &c->self_fd, &c->sealed_fd };
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (move_away(own[i], fd) < 0)
			return -1;
	for (size_t i = 0; i < c->peer_count; i++)
		if (move_away(&c->peers[i].channel, fd) < 0 || move_away(&c->peers[i].pidfd, fd) < 0)
			return -1;
	for (size_t i = 0; i < c->descriptor_count; i++)
		if (move_away(&c->descriptors[i].fd, fd) < 0)
			return -1;
	return 0;
}

int op_close(struct context *c, const struct op *op)
{
	forget_descriptor(c, op->args[0].name);
	return 0;
}

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

/* Last registered, first run; one that fails does not keep the others from running. */
void run_on_exit(struct context *c, bool failed)
{
	while (c->on_exit_count > 0) {
		c->on_exit_count--;
		c->stage = "cleanup";
		if (failed || !c->on_exit[c->on_exit_count].on_failure)
			run_operations(c, c->on_exit[c->on_exit_count].ops);
	}
}

static void reap(struct peer *peer)
{
	int status = 125 << 8; /* should it not be ours to wait for */
	while (waitpid(peer->pid, &status, 0) < 0 && errno == EINTR)
		;
	peer->ended = true;
	peer->status = status_of(status);
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
}

void unblock_signals(struct context *c)
{
	sigprocmask(SIG_SETMASK, &c->original_mask, NULL);
	signal(SIGPIPE, SIG_DFL);
}

/* In a fresh child: what belongs to the parent alone is let go, so that an end of file means what it says. */
static void leave_parent(struct context *c, int channel, const char *parent)
{
	for (size_t i = 0; i < c->peer_count; i++) {
		close_fd(&c->peers[i].channel);
		close_fd(&c->peers[i].pidfd);
	}
	for (size_t i = 0; i < c->relay_count; i++) {
		close_fd(&c->relays[i]->from);
		close_fd(&c->relays[i]->to);
	}
	c->peers[0] = (struct peer){ .name = parent, .pid = 0, .pidfd = -1, .channel = channel };
	c->peer_count = 1;
	c->on_exit_count = 0;
	c->relay_count = 0;
	c->watched = c->terminal = c->pty = -1;
	c->signals_to = NULL;
	c->exit_status = 0;
	c->failure.error = 0;
	close_fd(&c->report_fd);
	c->report_fd = -1;
}

static void tell_failure(struct context *c)
{
	char message[2048] = "F";
	size_t size = write_record(&c->failure, message + 1, sizeof message - 1);
	send(c->peers[0].channel, message, size + 1, MSG_NOSIGNAL);
}

static pid_t clone_process(uint64_t flags, int *pidfd)
{
	struct clone_args args = { .flags = flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0 && errno == ENOSYS && !(flags & CSIGNAL)) /* an outer seccomp profile hides clone3 */
		pid = (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, 0);
	return pid;
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
		run_on_exit(c, result < 0);
		_exit(result < 0 ? 125 : c->exit_status);
	}
	close(pair[1]);
	fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	c->peers[c->peer_count++] = (struct peer){ .name = name, .pid = pid, .pidfd = pidfd, .channel = pair[0] };
	if (strcmp(name, "child") == 0) {
		c->container_pid = pid;
		read_start_time(pid, c->started_at, sizeof c->started_at);
	}
	return 0;
}

int op_stage(struct context *c, const struct op *op)
{
	c->stage = op->args[0].name;
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

/* Everything but what it watches and the lock is let go: a stream held open here would never end for its reader. */
static int hold_only(struct context *c, int process, int lock)
{
	for (size_t i = 0; i < c->descriptor_count; i++)
		if (c->descriptors[i].fd > 2 && c->descriptors[i].fd != process && c->descriptors[i].fd != lock)
			close_fd(&c->descriptors[i].fd);
	close_fd(&c->signal_fd);
	close_fd(&c->self_fd);
	closing int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -1;
	return 0;
}

/*
 * The keeper: waits for the end of its parent, kill -9 included, and then ends the container, which may have cleared its own
 * parent-death signal. The lock stays held until the container is gone.
 */
int op_keep(struct context *c, const struct op *op)
{
	int process = descriptor(c, op->args[0].name), lock = descriptor(c, op->args[1].name);
	if (process < 0 || lock < 0 || setsid() < 0 || hold_only(c, process, lock) < 0)
		return -1;
	struct pollfd parent = { .fd = c->peers[0].channel }, container = { .fd = process, .events = POLLIN };
	while (poll(&parent, 1, -1) < 0)
		if (errno != EINTR)
			return -1;
	sys_pidfd_send_signal(process, SIGKILL);
	while (poll(&container, 1, -1) < 0 && errno == EINTR)
		;
	return 0;
}

/* A plan within the plan: its first process outlives us, and knows us as "caller" while we are there. */
int op_detach(struct context *c, const struct op *op)
{
	const struct plan *plan = op->args[1].plan;
	if (start_process(c, op->args[0].name, "caller", 0, plan, plan->processes[0].name) < 0)
		return -1;
	c->peers[c->peer_count - 1].detached = true;
	return 0;
}

/* The next message of a peer; 0 at its end. A failure record of the peer becomes ours. */
static ssize_t receive(struct context *c, struct peer *peer, char *buffer, size_t size, int *fd)
{
	union { char space[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
	struct iovec iov = { buffer, size - 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
	ssize_t n;
	while ((n = recvmsg(peer->channel, &message, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR && errno != ECONNRESET)
			return -1;
		else if (errno == ECONNRESET)
			return 0;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
		int received;
		memcpy(&received, CMSG_DATA(header), sizeof received);
		if (fd)
			*fd = received;
		else
			close(received);
	}
	buffer[n] = 0;
	if (n > 0 && buffer[0] == 'F') {
		if (!c->failure.error && read_record(&c->failure, buffer + 1, (size_t)n - 1) < 0)
			record_failure(c, "await", EPROTO);
		errno = EPROTO;
		return -1;
	}
	return n;
}

int op_send(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	char message[66], record[2048];
	if (!peer)
		return -1;
	int n = snprintf(message, sizeof message, "S%s", op->args[1].name);
	if (send(peer->channel, message, (size_t)n, MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EPIPE) /* it has said why it is gone */
		receive(c, peer, record, sizeof record, NULL);
	return -1;
}

static int await_tag(struct context *c, const char *from, const char *tag)
{
	char message[2048];
	struct peer *peer = find_peer(c, from);
	if (!peer)
		return -1;
	ssize_t n = receive(c, peer, message, sizeof message, NULL);
	if (n < 0)
		return -1;
	if (n == 0) {
		note_path(c, from);
		errno = ESHUTDOWN; /* it ended before it said so */
		return -1;
	}
	if (message[0] != 'S' || strcmp(message + 1, tag) != 0) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

int op_await(struct context *c, const struct op *op)
{
	return await_tag(c, op->args[0].name, op->args[1].name);
}

/* The channel closes on exec: its end without a record is the good news. */
int op_await_exec(struct context *c, const struct op *op)
{
	char message[2048];
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer)
		return -1;
	ssize_t n = receive(c, peer, message, sizeof message, NULL);
	if (n != 0) {
		if (n > 0)
			errno = EPROTO;
		return -1;
	}
	close_fd(&peer->channel);
	peer->channel = -1;
	return 0;
}

/* OCI start: a byte in the fifo says go; its end does not. The plan opens it for both directions, so that there is no end to see. */
int op_await_start(struct context *c, const struct op *op)
{
	char byte;
	ssize_t n;
	int fd = descriptor(c, op->args[0].name);
	if (fd < 0)
		return -1;
	while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n == 0)
		errno = ESHUTDOWN;
	return n == 1 ? 0 : -1;
}

int op_send_descriptor(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	int fd = descriptor(c, op->args[1].name);
	union { char space[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = { 0 };
	struct iovec iov = { "D", 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
	if (!peer || fd < 0)
		return -1;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	return sendmsg(peer->channel, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int op_receive_descriptor(struct context *c, const struct op *op)
{
	char message[2048];
	int fd = -1;
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer || receive(c, peer, message, sizeof message, &fd) < 0)
		return -1;
	if (fd < 0) {
		errno = ESHUTDOWN;
		return -1;
	}
	return name_descriptor(c, op->args[1].name, fd);
}

int op_wait(struct context *c, const struct op *op)
{
	struct peer *peer = find_peer(c, op->args[0].name);
	if (!peer || run_until_exit(c, peer) < 0)
		return -1;
	peer->ended = true;
	c->exit_status = peer->status;
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

int op_on_exit(struct context *c, const struct op *op)
{
	if (c->on_exit_count == MAX_ON_EXIT) {
		errno = E2BIG;
		return -1;
	}
	c->on_exit[c->on_exit_count].ops = &op->args[1].ops;
	c->on_exit[c->on_exit_count++].on_failure = op->args[0].number;
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
	peer->ended = false;
	peer->pid = atoi(message + 1);
	close_fd(&peer->pidfd);
	peer->pidfd = sys_pidfd_open(peer->pid);
	if (peer->pidfd < 0)
		return -1;
	return send(peer->channel, "Scontinued", 10, MSG_NOSIGNAL) < 0 ? -1 : 0;
}
