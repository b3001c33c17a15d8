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

/* Node 20 reads NODE_EXTRA_CA_CERTS at every start, 50 ms of it: the registry client loads that file itself when it needs it. */
static void prepare_environment(void)
{
	const char *extra = getenv("NODE_EXTRA_CA_CERTS");
	if (extra)
		setenv("TSRUN_EXTRA_CA_CERTS", extra, 1);
	unsetenv("NODE_EXTRA_CA_CERTS");
}

/* node -- SCRIPT [WORD] ARG…: without the two hyphens node takes an --env-file from behind the script for its own. */
static char **node_words(char *script, char *word, char **args)
{
	size_t n = 0, count = 0;
	while (args[count])
		count++;
	char **words = calloc(count + 5, sizeof *words);
	if (!words)
		return NULL;
	words[n++] = "node";
	words[n++] = "--";
	words[n++] = script;
	if (word)
		words[n++] = word;
	memcpy(words + n, args, count * sizeof *words);
	return words;
}

/* Does our caller ignore a signal that comes to the whole group, as under nohup? */
static bool ignores(const struct context *c)
{
	return sigisemptyset(&c->ignored) == 0;
}

/* In the forked child. Returns only when it cannot: errno says why. */
static void exec_node(struct context *c, char *script, char *word, char **args)
{
	char **words = node_words(script, word, args);
	if (!words)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	unblock_signals(c);
	if (ignores(c))
		setpgid(0, 0); /* Node would end of it: it sets all dispositions and the mask back to their defaults */
	prepare_environment();
	execvp(words[0], words);
	free(words);
}

/* What a terminal's ^C sent to the whole group has reached Node already; what was sent to us alone has not. Returns the signal, or 0. */
static int pass_signal(struct context *c, pid_t node)
{
	struct signalfd_siginfo info;
	if (read(c->signal_fd, &info, sizeof info) != sizeof info)
		return 0;
	if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGPIPE || info.ssi_signo == SIGWINCH)
		return 0;
	if (info.ssi_code != SI_KERNEL || ignores(c))
		kill(node, (int)info.ssi_signo);
	return (int)info.ssi_signo;
}

/* -1 when it was killed: people ask by TERM, INT, HUP or QUIT, the kernel that is out of memory does not. */
static int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 125;
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return sig && sig != SIGTERM && sig != SIGINT && sig != SIGHUP && sig != SIGQUIT ? -1 : status_of(status);
}

/*
 * Reads to the end of file while signals are handed on; *passed is the last of them. One that comes with the last bytes is left for
 * the container. The buffer grows up to the largest plan.
 */
static ssize_t read_plan(struct context *c, int fd, pid_t node, uint8_t **plan, int *passed)
{
	size_t size = 0, room = 0;
	for (;;) {
		struct pollfd polls[2] = { { .fd = fd, .events = POLLIN }, { .fd = c->signal_fd, .events = POLLIN } };
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return -1;
		if (!polls[0].revents) {
			int sig = polls[1].revents ? pass_signal(c, node) : 0;
			*passed = sig ? sig : *passed;
			continue;
		}
		if (size == room) {
			room = room ? room * 2 : 65536;
			uint8_t *larger = realloc(*plan, room);
			if (!larger)
				return -1;
			*plan = larger;
		}
		ssize_t n = read(fd, *plan + size, room - size);
		if (n == 0 || size > PLAN_MAX_BYTES) /* too much is for the decoder to refuse */
			return (ssize_t)size;
		if (n < 0 && errno != EINTR)
			return -1;
		size += n > 0 ? (size_t)n : 0;
	}
}

/* Node itself ends with 1 when it fails: a program of ours that means 1, as docker's, ends with this. */
#define SAYS_ONE 64

/* What tsrun's own programs end with: 125, 126 and 127 when they explain, 128+n. All else is Node's, and must not pass for the command's. */
static bool is_ours(int status, bool explains)
{
	return status == 125 || status >= 128 || status == SAYS_ONE || (explains && (status == 126 || status == 127));
}

/* bin/tsrun says the same where it needs Node. */
static void say_missing(int error)
{
	if (error == ENOENT)
		fprintf(stderr, "tsrun: Node.js is not in PATH: install version 20.19 or newer\n");
	else if (error == EAGAIN)
		fprintf(stderr, "tsrun: Node.js cannot be started: there are as many processes as the caller may have: end some, or raise the limit (ulimit -u, TasksMax=)\n");
	else
		fprintf(stderr, "tsrun: Node.js cannot be started: %s: install version 20.19 or newer, and put it into PATH\n", strerror(error));
}

static pid_t fork_compiler(struct context *c, char *script, char **args, int plan_fd)
{
	pid_t node = fork();
	if (node != 0)
		return node;
	char number[16];
	snprintf(number, sizeof number, "%d", plan_fd);
	setenv("TSRUN_PLAN_FD", number, 1);
	if (fcntl(plan_fd, F_SETFD, 0) >= 0)
		exec_node(c, script, NULL, args);
	say_missing(errno);
	_exit(125);
}

int compile(struct context *c, char *script, char **args, uint8_t **plan, size_t *size)
{
	int ends[2], passed = 0;
	pid_t node = pipe2(ends, O_CLOEXEC) < 0 ? -1 : fork_compiler(c, script, args, ends[1]);
	if (node < 0) {
		say_missing(errno);
		return 125;
	}
	close(ends[1]);
	ssize_t got = read_plan(c, ends[0], node, plan, &passed);
	if (got < 0)
		fprintf(stderr, "tsrun: cannot read the launch plan: %s\n", strerror(errno));
	close(ends[0]);
	int status = wait_for(node);
	if (status < 0)
		fprintf(stderr, "tsrun: node was killed before it could start the container: see whether the machine is out of memory, or the caller has as many processes as he may (ulimit -u, TasksMax=)\n");
	if (status > 0 && !is_ours(status, false)) {
		fprintf(stderr, "tsrun: Node.js ended with status %d before it could start the container: see whether `node --version` works, and NODE_OPTIONS\n", status);
		status = 125;
	}
	if (status != 0 || got < 0)
		return status == SAYS_ONE ? 1 : status > 0 ? status : 125;
	if (passed && got > 0)
		raise(passed); /* Node had finished: it is the container's. Blocked here, it waits for the run stage */
	*size = (size_t)got;
	return 0;
}

/* Without Node, or when it cannot say it either, the bare record is printed. */
int explain(struct context *c, char *script, char **args)
{
	char record[2048];
	int ends[2] = { -1, -1 };
	size_t size = write_record(&c->failure, record, sizeof record);
	pid_t node = pipe2(ends, O_CLOEXEC) < 0 ? -1 : fork();
	if (node == 0) {
		if (dup2(ends[0], 0) >= 0)
			exec_node(c, script, "explain", args);
		_exit(0);
	}
	close_fd(&ends[0]);
	int written = node < 0 ? -1 : write_all(ends[1], record, size);
	close_fd(&ends[1]);
	int status = node < 0 ? 0 : wait_for(node);
	if (written == 0 && is_ours(status, true))
		return status == SAYS_ONE ? 1 : status;
	print_record(&c->failure);
	return 125;
}
