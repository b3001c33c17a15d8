/* What /proc tells of a container's first process: what it would do with a signal, and whether it goes on writing. */
#include "observe.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of rt_sigtimedwait: on 64 bits, and for a program of 32 bits with both kinds of time. */
#if defined(__x86_64__)
#define RT_SIGTIMEDWAIT 128
#elif defined(__aarch64__)
#define RT_SIGTIMEDWAIT 137
#endif
#define RT_SIGTIMEDWAIT_32 177
#define RT_SIGTIMEDWAIT_TIME64 421

int number_in(pid_t pid, const char *name)
{
	char path[64];
	int number = -1;
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	FILE *file = fopen(path, "re");
	if (file && fscanf(file, "%d", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

/* One that runs is in no system call: the file has a word in place of a number. */
static bool waits_for_signals(pid_t pid)
{
	int call = number_in(pid, "syscall");
	return call == RT_SIGTIMEDWAIT || call == RT_SIGTIMEDWAIT_32 || call == RT_SIGTIMEDWAIT_TIME64;
}

/*
 * Would pid 1 do anything with this signal? The kernel drops what it neither catches, ignores nor blocks. What it is just waiting for
 * does not count as blocked meanwhile: an image's own init often waits so.
 */
bool is_unhandled(pid_t pid, int sig)
{
	char path[64], line[256];
	bool handled = waits_for_signals(pid);
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *status = fopen(path, "re");
	if (!status)
		return false;
	while (fgets(line, sizeof line, status))
		if (strncmp(line, "SigBlk:", 7) == 0 || strncmp(line, "SigIgn:", 7) == 0 || strncmp(line, "SigCgt:", 7) == 0)
			handled |= strtoull(line + 7, NULL, 16) >> (sig - 1) & 1;
	fclose(status);
	return !handled;
}

long descriptor_fact(int fd, const char *name)
{
	char path[64], line[256];
	long fact = -1;
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	FILE *file = fopen(path, "re");
	while (file && fact < 0 && fgets(line, sizeof line, file))
		if (strncmp(line, name, strlen(name)) == 0)
			fact = strtol(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return fact;
}

/* How often the threads of a process have called write, successfully or not (proc(5), syscw); -1 when that is not shown. Its children do not count. */
int64_t writes_of(pid_t pid)
{
	char path[64], line[128];
	int64_t sum = -1;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	for (struct dirent *task; tasks && (task = readdir(tasks));) {
		long long count;
		snprintf(path, sizeof path, "/proc/%d/task/%d/io", (int)pid, atoi(task->d_name));
		FILE *io = atoi(task->d_name) > 0 ? fopen(path, "re") : NULL;
		while (io && fgets(line, sizeof line, io))
			if (sscanf(line, "syscw: %lld", &count) == 1)
				sum = (sum < 0 ? 0 : sum) + count;
		if (io)
			fclose(io);
	}
	if (tasks)
		closedir(tasks);
	return sum;
}
