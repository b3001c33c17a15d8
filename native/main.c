/*
 * tsrun's helper. It is called as
 *   tsrun-helper drive SCRIPT VERB ARG…        the command line: Node compiles, we execute
 *   tsrun-helper execute PLAN-FD [REPORT-FD]   the library: a plan on a descriptor, what happens on another
 *   tsrun-helper check                         reads a plan from standard input and says whether it is well-formed
 *   tsrun-helper check many                    the same for a row of plans, each behind its length (u32): one line of answer each
 *   tsrun-helper --operations                  the table of operations
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "context.h"
#include "drive.h"
#include "init.h"
#include "sys.h"

/* A standard stream that is closed would be given to the first file we open. */
static void open_standard_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
}

/* Nothing that the caller had open enters a container unless the plan names it. The compiler may: `--env-file <(…)` is such a file. */
static int close_on_exec(void)
{
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	DIR *own = opendir("/proc/self/fd"); /* an outer seccomp profile may hide the call */
	if (!own)
		return -1;
	for (struct dirent *entry; (entry = readdir(own));) {
		int fd = atoi(entry->d_name);
		if (fd > 2 && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
			closedir(own);
			return -1;
		}
	}
	return closedir(own);
}

/* nohup's SIGHUP, and the SIGINT of a script's background job: whoever had them ignored wants them to pass us by. */
static void leave_ignored(struct context *c, sigset_t *handled)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action;
	sigemptyset(&c->ignored);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (sigaction(ends[i], NULL, &action) < 0 || action.sa_handler != SIG_IGN)
			continue;
		sigdelset(handled, ends[i]);
		sigaddset(&c->ignored, ends[i]);
	}
}

/* All signals wait for the loop that hands them on. Stopping and continuing us stays the shell's business; faults are our own. */
static int take_signals(struct context *c)
{
	static const int untouched[] = { SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t handled;
	sigfillset(&handled);
	for (size_t i = 0; i < sizeof untouched / sizeof *untouched; i++)
		sigdelset(&handled, untouched[i]);
	leave_ignored(c, &handled);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* a caller that ignores it would have our children's statuses thrown away */
	sigprocmask(SIG_BLOCK, &handled, &c->original_mask);
	c->signal_fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
	return c->signal_fd;
}

static int start_context(struct context *c)
{
	struct stat self;
	c->process = "parent";
	c->stage = "start";
	for (c->inherited_end = 3; fcntl(c->inherited_end, F_GETFD) >= 0; c->inherited_end++)
		;
	c->interruptible = true;
	c->watched = c->terminal = c->window = c->pty = c->report_fd = c->sealed_fd = -1;
	if (!getcwd(c->cwd, sizeof c->cwd))
		c->cwd[0] = 0;
	new_id(c);
	format_now(c->begun, sizeof c->begun);
	c->self_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (c->self_fd < 0 || fstat(c->self_fd, &self) < 0 || take_signals(c) < 0)
		return -1;
	c->self_is_roots = getuid() != 0 && self.st_uid == 0 && !(self.st_mode & (S_IWGRP | S_IWOTH));
	name_descriptor(c, "stdin", 0);
	name_descriptor(c, "stdout", 1);
	name_descriptor(c, "stderr", 2);
	return name_descriptor(c, "null", open("/dev/null", O_RDWR | O_CLOEXEC));
}

/* Executes the first process of a plan and everything it registered for its end. 0: done, the exit status is in the context. */
static int execute(struct context *c, const uint8_t *bytes, size_t size)
{
	const char *reason = NULL;
	c->plan = decode_plan(bytes, size, &reason);
	if (!c->plan) {
		note_path(c, reason);
		record_failure(c, "decode", EBADMSG);
		return -1;
	}
	if (close_on_exec() < 0) {
		record_failure(c, "start", errno);
		return -1;
	}
	umask(0); /* modes are what the plan says */
	int result = run_process(c, c->plan->processes[0].name);
	restore_terminal(c);
	end_peers(c);
	run_on_exit(c, 0, result < 0);
	end_peers(c);
	return result;
}

/* To the end of file, or to more than a plan can be: the decoder refuses that. *bytes is the caller's to free. */
static ssize_t read_all(int fd, uint8_t **bytes)
{
	size_t size = 0, room = 65536;
	*bytes = malloc(room);
	while (*bytes && size <= PLAN_MAX_BYTES) {
		ssize_t n = read(fd, *bytes + size, room - size);
		if (n == 0)
			return (ssize_t)size;
		if (n < 0 && errno != EINTR)
			return -1;
		size += n > 0 ? (size_t)n : 0;
		uint8_t *larger = size < room ? *bytes : realloc(*bytes, room *= 2);
		if (!larger)
			return -1;
		*bytes = larger;
	}
	return *bytes ? (ssize_t)size : -1;
}

static int drive_main(struct context *c, char **argv)
{
	uint8_t *plan = NULL;
	size_t size = 0;
	int status = compile(c, argv[2], argv + 3, &plan, &size);
	if (status == 0 && size > 0) {
		if (execute(c, plan, size) < 0) {
			status = c->interrupted ? 128 + c->interrupted : explain(c, argv[2], argv + 3);
		} else {
			status = c->exit_status;
			if (c->failure.error) /* the run was well, what came after it was not */
				print_record(&c->failure);
		}
	}
	free(plan);
	return status;
}

static void report_end(struct context *c, int status)
{
	char message[2200] = "failed";
	if (c->failure.error) {
		size_t n = write_record(&c->failure, message + 7, sizeof message - 7);
		report(c, message, n + 7);
		if (c->report_fd < 0)
			print_record(&c->failure);
	}
	int n = snprintf(message, sizeof message, "ended%c%d", 0, status);
	report(c, message, (size_t)n + 1);
}

static int execute_main(struct context *c, int plan_fd, int report_fd)
{
	uint8_t *plan = NULL;
	c->report_fd = report_fd;
	ssize_t size = read_all(plan_fd, &plan);
	if (plan_fd > 2)
		close(plan_fd);
	if (size < 0) {
		note_path(c, "it cannot be read");
		record_failure(c, "decode", errno);
	}
	int status = size < 0 || execute(c, plan, (size_t)size) < 0 ? 125 : c->exit_status;
	if (c->interrupted) {
		status = 128 + c->interrupted;
		c->failure.error = 0;
	}
	report_end(c, status);
	free(plan);
	return status;
}

/* -1 when the text is no descriptor's number. */
static int number_of(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && number <= INT_MAX ? (int)number : -1;
}

static int usage(void)
{
	fprintf(stderr, "tsrun-helper is called by tsrun; type `tsrun --help`\n");
	return 125;
}

int main(int argc, char **argv)
{
	static struct context context;
	if (argc > 0 && strcmp(argv[0], INIT_NAME) == 0)
		return init_main(argc, argv);
	if (argc > 0 && strcmp(argv[0], EXEC_NAME) == 0)
		return exec_main(argc, argv);
	open_standard_streams();
	if (argc == 2 && strcmp(argv[1], "--operations") == 0)
		return print_operations(), 0;
	if (argc == 2 && strcmp(argv[1], "check") == 0)
		return check_one();
	if (argc == 3 && strcmp(argv[1], "check") == 0 && strcmp(argv[2], "many") == 0)
		return check_many();
	bool drive = argc >= 4 && strcmp(argv[1], "drive") == 0, run = argc >= 3 && argc <= 4 && strcmp(argv[1], "execute") == 0;
	int plan_fd = run ? number_of(argv[2]) : -1, report_fd = run && argc > 3 ? number_of(argv[3]) : -1;
	if (!drive && (!run || plan_fd < 0 || (argc > 3 && (report_fd < 0 || fcntl(report_fd, F_GETFD) < 0))))
		return usage();
	if (getauxval(AT_SECURE)) {
		fprintf(stderr, "tsrun: the helper does what its caller says: it must be neither setuid nor have capabilities\n");
		return 125;
	}
	if (start_context(&context) < 0) {
		fprintf(stderr, "tsrun: cannot start: %s\n", strerror(errno));
		return 125;
	}
	return drive ? drive_main(&context, argv) : execute_main(&context, plan_fd, report_fd);
}
