/* The end of a process's list: the container's command, or the reaper that --init puts in front of it. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "context.h"
#include "init.h"
#include "operations.h"
#include "sys.h"

/* Where the PATH leads: a directory's name and the command's. An empty one is the working directory. */
static bool join_path(char *path, size_t room, const char *directory, const char *name)
{
	int size = (int)strcspn(directory, ":");
	int needed = size > 0 ? snprintf(path, room, "%.*s/%s", size, directory, name) : snprintf(path, room, "./%s", name);
	return (size_t)needed < room;
}

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
	for (const char *at = *argv[0] ? search : NULL; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		struct stat stat;
		if (!join_path(path, sizeof path, at, argv[0]))
			continue;
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

static bool copy_contents(int from, int to)
{
	char buffer[65536];
	ssize_t n;
	for (off_t at = 0; (n = pread(from, buffer, sizeof buffer, at)) > 0; at += n)
		if (write_all(to, buffer, (size_t)n) < 0)
			return false;
	return n == 0;
}

static int sealed_copy(int from)
{
	int to = memfd_create("tsrun", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (to < 0 && errno == EINVAL) /* before Linux 6.3 all of them could be executed */
		to = memfd_create("tsrun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (to >= 0 && copy_contents(from, to) && fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0)
		return to;
	close_fd(&to);
	return -1;
}

/*
 * A command that is a link to /proc/self/exe, or a script or program that names it as its interpreter, would be this very file, and
 * with the file's owner in its map the container could write to it (CVE-2019-5736). So exec begins with a copy that nobody can write
 * to. Not needed where the file is root's and the caller is not, for then no map has its owner; with the number set, made all the same.
 */
int op_seal(struct context *c, const struct op *op)
{
	if (c->self_is_roots && !op->args[0].number)
		return 0;
	c->sealed_fd = sealed_copy(c->self_fd);
	return c->sealed_fd < 0 ? -1 : 0;
}

/* The copy that stays in front of the command is one of the container's files. */
int op_label_seal(struct context *c, const struct op *op)
{
	freeing char *text = fill_text(c, op->args[0].span);
	if (!text)
		return -1;
	note_path(c, text);
	return fsetxattr(c->sealed_fd, "security.selinux", text, strlen(text) + 1, 0);
}

/* In front of the command the copy is told what init.c names there; it reports a failed exec itself. */
static int exec_copy(struct context *c, char *name, char **argv, char **env, char *search, bool labels)
{
	char channel[16];
	size_t count = 0;
	while (argv[count])
		count++;
	char **words = calloc(count + 6, sizeof *words);
	if (!words || fcntl(c->peers[0].channel, F_SETFD, 0) < 0) {
		free(words);
		return -1;
	}
	snprintf(channel, sizeof channel, "%d", c->peers[0].channel);
	words[0] = name;
	words[1] = channel;
	words[2] = search;
	words[3] = labels && c->attribute ? c->attribute : "";
	words[4] = labels && c->attribute ? c->attribute_text : "";
	memcpy(words + 5, argv, count * sizeof *words);
	reset_signals();
	syscall(SYS_execveat, c->sealed_fd, "", words, env, AT_EMPTY_PATH);
	free(words);
	return -1;
}

static int label(struct context *c)
{
	if (!c->attribute || write_attribute(c->attribute, c->attribute_text) == 0)
		return 0;
	int error = errno;
	note_path(c, c->attribute_text);
	record_failure(c, "exec-attribute", error);
	errno = error;
	return -1;
}

/*
 * With the words filled in: by way of the copy under this name, or, where there is none, at once. What a security module is told is
 * about the command, so it is the copy that tells it; but the copy that stays in front of the command is part of the container.
 */
static int exec_words(struct context *c, const struct op *op, char *copy, bool stays)
{
	freeing_list char **argv = fill_list(c, &op->args[0]);
	freeing_list char **env = fill_list(c, &op->args[1]);
	freeing char *search = fill_text(c, op->args[2].span);
	if (!argv || !env || !search)
		return -1;
	if (!argv[0]) {
		errno = EINVAL;
		return -1;
	}
	if ((!copy || stays) && label(c) < 0)
		return -1;
	note_path(c, argv[0]);
	if (copy)
		return exec_copy(c, copy, argv, env, search, !stays);
	reset_signals();
	search_and_exec(argv, env, search);
	return -1;
}

int op_exec(struct context *c, const struct op *op)
{
	return exec_words(c, op, c->sealed_fd < 0 ? NULL : EXEC_NAME, false);
}

/* pid 1 is this program, and /proc/1/exe is within the container's reach: never without the copy. */
int op_init(struct context *c, const struct op *op)
{
	if (c->sealed_fd < 0) {
		errno = EBADF;
		return -1;
	}
	return exec_words(c, op, INIT_NAME, true);
}

int op_domainname(struct context *c, const struct op *op)
{
	freeing char *name = fill_text(c, op->args[0].span);
	return name ? setdomainname(name, strlen(name)) : -1;
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
