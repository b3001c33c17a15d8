/*
 * tsrun's helper. It is called as
 *   tsrun-helper drive SCRIPT VERB ARG…        the command line: Node compiles, we execute
 *   tsrun-helper execute PLAN-FD [REPORT-FD]   the library: a plan on a descriptor, what happens on another
 *   tsrun-helper check                         reads a plan from standard input and says whether it is well-formed
 *   tsrun-helper --operations                  the table of operations
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
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

static void start_context(struct context *c)
{
	sigset_t handled;
	memset(c, 0, sizeof *c);
	c->process = "parent";
	c->stage = "start";
	c->watched = c->terminal = c->pty = c->report_fd = -1;
	if (!getcwd(c->cwd, sizeof c->cwd))
		c->cwd[0] = 0;
	c->self_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	new_id(c);
	sigfillset(&handled);
	/* stopping and continuing us stays the shell's business; faults are our own */
	static const int untouched[] = { SIGTSTP, SIGTTIN, SIGCONT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	for (size_t i = 0; i < sizeof untouched / sizeof *untouched; i++)
		sigdelset(&handled, untouched[i]);
	sigprocmask(SIG_BLOCK, &handled, &c->original_mask);
	signal(SIGPIPE, SIG_IGN);
	c->signal_fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
	name_descriptor(c, "stdin", 0);
	name_descriptor(c, "stdout", 1);
	name_descriptor(c, "stderr", 2);
	name_descriptor(c, "null", open("/dev/null", O_RDWR | O_CLOEXEC));
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
	int result = run_process(c, c->plan->processes[0].name);
	restore_terminal(c);
	end_peers(c);
	run_on_exit(c, result < 0);
	end_peers(c);
	return result;
}

static ssize_t read_all(int fd, uint8_t **bytes)
{
	size_t size = 0, room = 65536;
	*bytes = malloc(room);
	for (ssize_t n; *bytes && (n = read(fd, *bytes + size, room - size)) != 0;) {
		if (n < 0 && errno != EINTR)
			return -1;
		size += n > 0 ? (size_t)n : 0;
		if (size == room && (room *= 2) > 2 * PLAN_MAX_BYTES)
			return -1;
		if (!(*bytes = realloc(*bytes, room)))
			return -1;
	}
	return (ssize_t)size;
}

static int drive_main(struct context *c, char **argv)
{
	uint8_t *plan = NULL;
	size_t size = 0;
	int status = compile(c, argv[2], argv + 3, &plan, &size);
	if (status != 0 || size == 0)
		return status;
	if (execute(c, plan, size) < 0)
		return explain(c, argv[2], argv + 3);
	if (c->failure.error)
		print_record(&c->failure);
	return c->exit_status;
}

static int execute_main(struct context *c, int argc, char **argv)
{
	uint8_t *plan = NULL;
	char message[2200];
	c->report_fd = argc > 3 ? atoi(argv[3]) : -1;
	int fd = atoi(argv[2]);
	ssize_t size = read_all(fd, &plan);
	close(fd);
	int result = size < 0 ? -1 : execute(c, plan, (size_t)size);
	if (c->failure.error) {
		memcpy(message, "failed", 7);
		size_t n = write_record(&c->failure, message + 7, sizeof message - 7);
		report(c, message, n + 7);
		if (c->report_fd < 0)
			print_record(&c->failure);
	}
	int n = snprintf(message, sizeof message, "ended%c%d", 0, result < 0 ? 125 : c->exit_status);
	report(c, message, (size_t)n + 1);
	return result < 0 ? 125 : c->exit_status;
}

static int check_main(void)
{
	uint8_t *bytes = NULL;
	const char *reason = "it cannot be read";
	ssize_t size = read_all(0, &bytes);
	if (size >= 0 && decode_plan(bytes, (size_t)size, &reason))
		return 0;
	fprintf(stderr, "not a valid launch plan: %s\n", reason);
	return 125;
}

int main(int argc, char **argv)
{
	static struct context context;
	if (argc > 0 && strcmp(argv[0], INIT_NAME) == 0)
		return init_main(argc, argv);
	open_standard_streams();
	if (argc == 2 && strcmp(argv[1], "--operations") == 0)
		return print_operations(), 0;
	if (argc == 2 && strcmp(argv[1], "check") == 0)
		return check_main();
	/* nothing that the caller had open enters a container unless the plan names it */
	syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	start_context(&context);
	if (argc >= 4 && strcmp(argv[1], "drive") == 0)
		return drive_main(&context, argv);
	if (argc >= 3 && strcmp(argv[1], "execute") == 0)
		return execute_main(&context, argc, argv);
	fprintf(stderr, "tsrun-helper is called by tsrun; type `tsrun --help`\n");
	return 125;
}
