/* pid 1 of a container run with --init: starts the command, hands signals on, reaps orphans, ends as the command ended. */
#include "init.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "context.h"
#include "sys.h"

extern char **environ;

static void run_command(int channel, const char *search, char **argv, const sigset_t *mask)
{
	struct failure failure = { .process = "child", .stage = "exec", .operation = "exec" };
	char message[2048] = "F";
	setpgid(0, 0);
	if (isatty(0)) {
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	search_and_exec(argv, environ, search);
	failure.error = errno;
	snprintf(failure.path, sizeof failure.path, "%s", argv[0]);
	size_t size = write_record(&failure, message + 1, sizeof message - 1);
	send(channel, message, size + 1, MSG_NOSIGNAL);
	_exit(125);
}

int init_main(int argc, char **argv)
{
	sigset_t all, original;
	int status = 0;
	if (argc < 4)
		return 125;
	int channel = atoi(argv[1]);
	fcntl(channel, F_SETFD, FD_CLOEXEC);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &original);
	pid_t command = fork();
	if (command < 0)
		return 125;
	if (command == 0)
		run_command(channel, argv[2], argv + 3, &original);
	close(channel);
	for (;;) {
		siginfo_t info;
		int signal = sigwaitinfo(&all, &info);
		if (signal < 0)
			continue;
		if (signal != SIGCHLD) {
			kill(command, signal);
			continue;
		}
		for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
			if (ended == command)
				return status_of(status);
	}
}
