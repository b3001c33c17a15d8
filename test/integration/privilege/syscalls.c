/*
 * What a system call ends with, as the kernel and the filter in front of it answer: made with every argument -1, in a child each, so that
 * what is let through fails of its arguments.
 *
 *   syscalls all LAST            one line for each number up to LAST: the number, and "EPERM", "ENOSYS" or "other"
 *   syscalls call NR:ARG:ARG…    one line each, "ok" or the error; i386:NR:… by int 0x80; hexadecimal with 0x
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
/* Inline: a child of vfork returns here on the parent's stack, and must not call anything. */
static inline long raw(long number, const long *a)
{
	long result;
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long pid;
	__asm__ volatile("syscall" : "=a"(pid) : "a"(SYS_getpid) : "rcx", "r11", "memory");
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	if (result == 0) {
		long now;
		__asm__ volatile("syscall" : "=a"(now) : "a"(SYS_getpid) : "rcx", "r11", "memory");
		if (now != pid)
			__asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(0L) : "rcx", "r11", "memory");
	}
	return result;
}

static long raw_i386(long number, const long *a)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]) : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}
#else
static long raw(long number, const long *a)
{
	long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	return result < 0 ? -errno : result;
}

static long raw_i386(long number, const long *a)
{
	(void)number, (void)a;
	return -ENOSYS;
}
#endif

/* In a child: some do not come back, one waits for ever. What a child that is gone cannot say was no refusal. */
static long try_call(long number, const long *arguments, int foreign)
{
	int fds[2], status;
	long result = 0;
	if (pipe(fds) < 0)
		exit(2);
	pid_t child = fork();
	if (child == 0) {
		struct itimerval soon = { .it_value = { .tv_usec = 300000 } };
		signal(SIGALRM, SIG_DFL);
		setitimer(ITIMER_REAL, &soon, NULL);
		result = foreign ? raw_i386(number, arguments) : raw(number, arguments);
		_exit(write(fds[1], &result, sizeof result) == sizeof result ? 0 : 1);
	}
	close(fds[1]);
	if (child < 0 || read(fds[0], &result, sizeof result) != sizeof result)
		result = 0;
	close(fds[0]);
	waitpid(child, &status, 0);
	return result;
}

static const char *name_of(long result)
{
	return result >= 0 || result < -4095 ? "ok" : strerrorname_np((int)-result);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && strcmp(argv[1], "all") == 0) {
		const long arguments[6] = { -1, -1, -1, -1, -1, -1 };
		for (long number = 0; number <= atol(argv[2]); number++) {
			long result = try_call(number, arguments, 0);
			printf("%ld %s\n", number, result == -EPERM || result == -ENOSYS ? name_of(result) : "other");
		}
		return 0;
	}
	for (int i = 2; i < argc; i++) {
		int foreign = strncmp(argv[i], "i386:", 5) == 0;
		long values[7] = { 0 };
		char *next = argv[i] + (foreign ? 5 : 0);
		for (int n = 0; n < 7 && *next; n++) {
			values[n] = (long)strtoul(next, &next, 0);
			next += *next == ':';
		}
		puts(name_of(try_call(values[0], values + 1, foreign)));
	}
	return 0;
}
