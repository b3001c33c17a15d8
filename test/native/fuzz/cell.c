/*
 * One plan, in a cell of the room: a user namespace below the room's, so that what the room mounted is locked; mounts, processes and a
 * tmpfs of its own. The cell's first process watches the helper: whether it ends, waits, or spins.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define TICK 5000000L     /* nanoseconds between two looks */
#define IDLE 16           /* so many in a row at processes that all sleep, and have not worked: the plan has them wait */
#define MOST_WORK 1000    /* hundredths of a second of processor time: it spins */

void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));
void __sanitizer_set_report_fd(void *) __attribute__((weak));

static struct cell *told;

static void on_death(void)
{
	told->deaths++;
}

/* The helper is linked against this: without a stack or an address space it is the sanitizer that dies. */
int __real_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
	if (resource != RLIMIT_STACK && resource != RLIMIT_AS && resource != RLIMIT_DATA)
		return __real_setrlimit(resource, limit);
	errno = EPERM;
	return -1;
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

static void furnish_cell(void)
{
	must(mount("cell", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=24m,nr_inodes=2000") == 0);
	must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0);
	must(chdir("/tmp") == 0 && mkdir("dir", 0755) == 0 && symlink("/", "link") == 0);
	write_to("file", "its text\n");
	write_to("dir/file", "");
}

static int plan_file(const struct bytes *plan)
{
	int fd = (int)syscall(SYS_memfd_create, "plan", 0);
	must(fd >= 0 && write(fd, plan->at, plan->size) == (ssize_t)plan->size && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* As the library calls it: the plan on 3, what happens on 4. What the run leaves as a zombie is told. */
static _Noreturn void execute_plan(const struct bytes *plan, int output)
{
	char *argv[] = { "tsrun-helper", "execute", "3", "4", NULL };
	siginfo_t left = { .si_pid = 0 };
	int input = open("/dev/null", O_RDWR), from = plan_file(plan);
	int report = fcntl(output, F_DUPFD_CLOEXEC, 400);
	must(dup2(from, 103) == 103 && dup2(input, 104) == 104 && dup2(input, 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2);
	must(dup2(103, 3) == 3 && dup2(104, 4) == 4 && syscall(SYS_close_range, 5, 399, 0) == 0);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(long)report);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(on_death);
	bound_resources();
	int status = helper_main(4, argv);
	if (waitid(P_ALL, 0, &left, WEXITED | WNOHANG | WNOWAIT) == 0 && left.si_pid != 0)
		told->zombies++;
	told->helper_ended = 1;
	_exit(status);
}

/* The work that all have done so far, in hundredths of a second; -1 while one of them is at it. */
static long work_done(bool *asleep)
{
	char path[300], stat[1024];
	long sum = 0, user, system;
	*asleep = true;
	DIR *all = opendir("/proc");
	for (struct dirent *entry; all && (entry = readdir(all));) {
		if (atoi(entry->d_name) <= 1)
			continue;
		snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, stat, sizeof stat - 1);
		if (fd >= 0)
			close(fd);
		stat[n > 0 ? n : 0] = 0;
		char *behind = strrchr(stat, ')'), state = 'S';
		if (behind && sscanf(behind, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &state, &user, &system) == 3)
			sum += user + system;
		*asleep &= state == 'S' || state == 'Z' || state == 'T';
	}
	if (all)
		closedir(all);
	return sum;
}

static enum verdict watch(pid_t helper)
{
	const struct timespec tick = { 0, TICK };
	sigset_t child;
	long before = -1;
	int idle = 0, status;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
			if (ended != helper)
				continue;
			told->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
			return ENDED;
		}
		bool asleep;
		sigtimedwait(&child, NULL, &tick);
		long work = work_done(&asleep);
		idle = asleep && work == before ? idle + 1 : 0;
		before = work;
		if (work > MOST_WORK)
			return SPUN;
		if (idle > IDLE)
			return WAITED;
	}
}

static _Noreturn void live(const struct bytes *plan, int output)
{
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	furnish_cell();
	pid_t helper = fork();
	must(helper >= 0);
	if (helper == 0)
		execute_plan(plan, output);
	sigprocmask(SIG_BLOCK, &child, NULL);
	told->verdict = watch(helper);
	_exit(0); /* and with the first process of the cell all others go */
}

static void write_ids(pid_t pid, const char *file)
{
	char path[64], map[128];
	unsigned inside, outside, count;
	snprintf(path, sizeof path, "/proc/self/%s", file);
	FILE *own = fopen(path, "re");
	must(own && fscanf(own, "%u %u %u", &inside, &outside, &count) == 3 && fclose(own) == 0);
	snprintf(map, sizeof map, "0 0 %u", count);
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map) && close(fd) == 0);
}

void run_cell(struct cell *cell, const struct bytes *plan, int output)
{
	int mapped[2], status;
	char byte = 0;
	told = cell;
	must(pipe2(mapped, O_CLOEXEC) == 0);
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0);
	must(pid >= 0);
	if (pid == 0) {
		must(read(mapped[0], &byte, 1) == 1);
		live(plan, output);
	}
	write_ids(pid, "uid_map");
	write_ids(pid, "gid_map");
	must(write(mapped[1], &byte, 1) == 1);
	close(mapped[0]);
	close(mapped[1]);
	must(waitpid(pid, &status, 0) == pid);
	must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
