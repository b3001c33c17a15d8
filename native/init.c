/*
 * This program inside a container, a sealed copy of itself (exec.c). As pid 1 of a run with --init it starts the command, hands signals
 * on, reaps orphans and ends as the command ended; otherwise it becomes the command at once.
 */
#include "init.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "context.h"
#include "sys.h"

extern char **environ;

/* A failure goes to the helper outside, in the words it would use itself. */
static void fail(int channel, const char *operation, const char *path)
{
	struct failure failure = { .process = "child", .stage = "exec", .error = errno };
	char message[2048] = "F";
	snprintf(failure.operation, sizeof failure.operation, "%s", operation);
	snprintf(failure.path, sizeof failure.path, "%s", path);
	size_t size = write_record(&failure, message + 1, sizeof message - 1);
	send(channel, message, size + 1, MSG_NOSIGNAL);
	_exit(125);
}

/* Behind the name that we have: where to say what fails, the search path, an attribute (or "") and its text. Then the command. */
enum { CHANNEL = 1, SEARCH, ATTRIBUTE, TEXT, COMMAND };

/* Returns never. */
static void run_command(int channel, char **argv)
{
	if (*argv[ATTRIBUTE] && write_attribute(argv[ATTRIBUTE], argv[TEXT]) < 0)
		fail(channel, "exec-attribute", argv[TEXT]);
	search_and_exec(argv + COMMAND, environ, argv[SEARCH]);
	fail(channel, "exec", argv[COMMAND]);
}

static int take_channel(int argc, char **argv)
{
	int channel = argc <= COMMAND ? -1 : atoi(argv[CHANNEL]);
	return channel > 2 && fcntl(channel, F_SETFD, FD_CLOEXEC) == 0 ? channel : -1;
}

int exec_main(int argc, char **argv)
{
	int channel = take_channel(argc, argv);
	if (channel >= 0)
		run_command(channel, argv);
	return 125;
}

/* A session has one foreground group: the command's, not ours, or ^C would not reach it. */
static void start_command(int channel, char **argv, const sigset_t *mask)
{
	setpgid(0, 0);
	if (isatty(0)) {
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	run_command(channel, argv);
}

/* Those that were passed on are the command's alone: whoever reads from one waits for its end. */
static void leave_descriptors(int kept)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fd != kept)
			close(fd);
}

int init_main(int argc, char **argv)
{
	sigset_t all, original;
	int status = 0, channel = take_channel(argc, argv);
	if (channel < 0)
		return 125;
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* in another's pid namespace it is not process 1 */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &original);
	int signals = signalfd(-1, &all, SFD_CLOEXEC);
	if (signals < 0)
		return 125;
	pid_t command = fork();
	if (command < 0)
		fail(channel, "exec", argv[COMMAND]);
	if (command == 0)
		start_command(channel, argv, &original);
	leave_descriptors(signals);
	prctl(PR_SET_NAME, INIT_NAME); /* a file without a path gives no name */
	for (;;) {
		struct signalfd_siginfo info;
		if (read(signals, &info, sizeof info) != sizeof info)
			continue;
		if (info.ssi_signo != SIGCHLD) {
			kill(command, (int)info.ssi_signo);
			continue;
		}
		for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
			if (ended == command)
				return status_of(status);
	}
}
