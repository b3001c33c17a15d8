/* The end of a process's list: the container's command, or the reaper that --init puts in front of it. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "context.h"
#include "init.h"
#include "operations.h"
#include "sys.h"

extern char **environ;

/*
 * As execvp, with the container's PATH, and the errors docker's users know: a name found nowhere is ENOENT; found and not
 * executable is EACCES. A name with a slash is taken as it is.
 */
void search_and_exec(char *const *argv, char *const *env, const char *search)
{
	char path[4096];
	int error = ENOENT;
	if (strchr(argv[0], '/')) {
		execve(argv[0], argv, env);
		return;
	}
	if (!*argv[0]) {
		errno = ENOENT;
		return;
	}
	for (const char *at = search; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		int size = (int)strcspn(at, ":");
		struct stat stat;
		if (snprintf(path, sizeof path, "%.*s/%s", size, size ? at : ".", argv[0]) >= (int)sizeof path)
			continue;
		if (size == 0)
			snprintf(path, sizeof path, "./%s", argv[0]);
		execve(path, argv, env);
		if (errno == ENOENT || errno == ENOTDIR)
			continue;
		if (errno != EACCES) {
			error = errno;
			break;
		}
		if (lstat(path, &stat) == 0 && !S_ISDIR(stat.st_mode))
			error = EACCES;
	}
	errno = error;
}

int op_exec(struct context *c, const struct op *op)
{
	char **argv = fill_list(c, &op->args[0]), **env = fill_list(c, &op->args[1]);
	freeing char *search = fill_text(c, op->args[2].span);
	if (!argv || !env || !search)
		return -1;
	if (!argv[0]) {
		errno = EINVAL;
		return -1;
	}
	unblock_signals(c);
	search_and_exec(argv, env, search);
	int error = errno;
	note_path(c, argv[0]);
	errno = error;
	return -1;
}

/* A copy of this program that nobody can write to: pid 1's /proc/1/exe is within the container's reach. */
static int sealed_copy(int from)
{
	struct stat stat;
	int to = memfd_create("tsrun-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (to < 0 || fstat(from, &stat) < 0)
		return -1;
	for (off_t at = 0; at < stat.st_size;) {
		char buffer[65536];
		ssize_t n = pread(from, buffer, sizeof buffer, at);
		if (n <= 0 || write(to, buffer, (size_t)n) != n)
			return -1;
		at += n;
	}
	return fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) < 0 ? -1 : to;
}

/* The reaper is told the channel's number and the search path in front of the command; it reports a failed exec itself. */
int op_init(struct context *c, const struct op *op)
{
	char **argv = fill_list(c, &op->args[0]), **env = fill_list(c, &op->args[1]);
	freeing char *search = fill_text(c, op->args[2].span);
	char channel[16];
	if (!argv || !env || !search)
		return -1;
	size_t count = 0;
	while (argv[count])
		count++;
	char **words = calloc(count + 4, sizeof *words);
	if (!words || count == 0) {
		errno = EINVAL;
		return -1;
	}
	int copy = sealed_copy(c->self_fd), fd = c->peers[0].channel;
	if (copy < 0 || fcntl(fd, F_SETFD, 0) < 0)
		return -1;
	snprintf(channel, sizeof channel, "%d", fd);
	words[0] = INIT_NAME;
	words[1] = channel;
	words[2] = search;
	memcpy(words + 3, argv, count * sizeof *words);
	unblock_signals(c);
	syscall(SYS_execveat, copy, "", words, env, AT_EMPTY_PATH);
	return -1;
}

int op_hostname(struct context *c, const struct op *op)
{
	freeing char *name = fill_text(c, op->args[0].span);
	return name ? sethostname(name, strlen(name)) : -1;
}

int op_loopback_up(struct context *c, const struct op *op)
{
	(void)c, (void)op;
	struct ifreq request = { .ifr_name = "lo" };
	closing int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -1;
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	return ioctl(fd, SIOCSIFFLAGS, &request);
}

int op_rlimit(struct context *c, const struct op *op)
{
	(void)c;
	struct rlimit limit = { (rlim_t)op->args[1].number, (rlim_t)op->args[2].number };
	return setrlimit((int)op->args[0].number, &limit);
}

int op_umask(struct context *c, const struct op *op)
{
	(void)c;
	umask((mode_t)op->args[0].number);
	return 0;
}
