/*
 * The cold path: Node is the compiler. It works out the plan, writes it to a descriptor and is gone before the container starts; if
 * the plan fails, another one puts the record into words. Without Node the bare record is printed.
 */
#include "drive.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "plan.h"
#include "sys.h"

#define PLAN_FD 3

/* Node 20 reads NODE_EXTRA_CA_CERTS at every start, 50 ms of it: the registry client loads that file itself when it needs it. */
static void prepare_environment(void)
{
	const char *extra = getenv("NODE_EXTRA_CA_CERTS");
	if (extra)
		setenv("TSRUN_EXTRA_CA_CERTS", extra, 1);
	unsetenv("NODE_EXTRA_CA_CERTS");
}

static void exec_node(struct context *c, char *const *argv)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	unblock_signals(c);
	prepare_environment();
	execvp("node", argv);
	fprintf(stderr, "tsrun: cannot start node: %s\n  install Node.js 20.19 or newer, or put it into PATH\n", strerror(errno));
	_exit(125);
}

/* node SCRIPT [WORD] ARG… */
static char **node_words(char *script, char *word, char **args)
{
	size_t n = 0, count = 0;
	while (args[count])
		count++;
	char **words = calloc(count + 4, sizeof *words);
	if (!words)
		return NULL;
	words[n++] = "node";
	words[n++] = script;
	if (word)
		words[n++] = word;
	memcpy(words + n, args, count * sizeof *words);
	return words;
}

/* What a terminal's ^C sent to the whole group has reached Node already; what was sent to us alone has not. */
static void pass_signal(struct context *c, pid_t node)
{
	struct signalfd_siginfo info;
	if (read(c->signal_fd, &info, sizeof info) != sizeof info || info.ssi_code == SI_KERNEL)
		return;
	if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE && info.ssi_signo != SIGWINCH)
		kill(node, (int)info.ssi_signo);
}

static int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 125;
	return status_of(status);
}

/* Reads to the end of file while signals are handed on. The buffer grows up to the largest plan. */
static ssize_t read_plan(struct context *c, int fd, pid_t node, uint8_t **plan)
{
	size_t size = 0, room = 0;
	for (;;) {
		struct pollfd polls[2] = { { .fd = fd, .events = POLLIN }, { .fd = c->signal_fd, .events = POLLIN } };
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return -1;
		if (polls[1].revents)
			pass_signal(c, node);
		if (!polls[0].revents)
			continue;
		if (size == room) {
			room = room ? room * 2 : 65536;
			if (room > 2 * PLAN_MAX_BYTES || !(*plan = realloc(*plan, room)))
				return -1;
		}
		ssize_t n = read(fd, *plan + size, room - size);
		if (n == 0)
			return (ssize_t)size;
		if (n < 0 && errno != EINTR)
			return -1;
		size += n > 0 ? (size_t)n : 0;
	}
}

int compile(struct context *c, char *script, char **args, uint8_t **plan, size_t *size)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return 125;
	pid_t node = fork();
	if (node < 0)
		return 125;
	if (node == 0) {
		char **words = node_words(script, NULL, args);
		if (ends[1] == PLAN_FD ? fcntl(PLAN_FD, F_SETFD, 0) < 0 : dup2(ends[1], PLAN_FD) < 0)
			_exit(125);
		setenv("TSRUN_PLAN_FD", "3", 1);
		exec_node(c, words);
	}
	close(ends[1]);
	ssize_t got = read_plan(c, ends[0], node, plan);
	close(ends[0]);
	int status = wait_for(node);
	*size = got > 0 && status == 0 ? (size_t)got : 0;
	return got < 0 && status == 0 ? 125 : status;
}

void print_record(const struct failure *f)
{
	fprintf(stderr, "tsrun: %s failed: process %s, stage %s%s%s: %s\n", f->operation, f->process, f->stage, *f->path ? ", " : "", f->path, strerror(f->error));
}

int explain(struct context *c, char *script, char **args)
{
	char record[2048];
	int ends[2];
	size_t size = write_record(&c->failure, record, sizeof record);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return 125;
	pid_t node = fork();
	if (node == 0) {
		dup2(ends[0], 0);
		exec_node(c, node_words(script, "explain", args));
	}
	close(ends[0]);
	ssize_t written = node < 0 ? -1 : write(ends[1], record, size);
	close(ends[1]);
	int status = node < 0 ? 125 : wait_for(node);
	if (written < 0 || status == 0) {
		print_record(&c->failure);
		return 125;
	}
	return status;
}
