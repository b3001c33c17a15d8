/*
 * What --isolation landlock is to keep a process from, tried one after another: a name and an errno each. DIRECTORY PID NAME: a canary's, which
 * DIRECTORY NAME is, until it is killed. Without any it prints the kernel's version of Landlock, or less than 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void say(const char *name, long result)
{
	printf("%s %d\n", name, result < 0 ? errno : 0);
	fflush(stdout);
}

static int through(const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	int result = fd < 0 ? -1 : fchmod(fd, 0640);
	if (fd >= 0)
		close(fd);
	return result;
}

static int run(const char *path)
{
	int status = 0, saved = 0, pair[2];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -1;
	if (fork() == 0) {
		execl(path, path, NULL);
		saved = errno;
		_exit(write(pair[1], &saved, sizeof saved) < 0);
	}
	close(pair[1]);
	ssize_t size = read(pair[0], &saved, sizeof saved);
	wait(&status);
	errno = saved;
	return size > 0 ? -1 : 0;
}

static int use(int (*how)(int, const struct sockaddr *, socklen_t), const char *name, int abstract, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	snprintf(at.sun_path + abstract, sizeof at.sun_path - (size_t)abstract, "%s", name);
	int fd = socket(AF_UNIX, type, 0);
	size_t size = abstract ? offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name) : sizeof at;
	return fd < 0 || how(fd, (struct sockaddr *)&at, (socklen_t)size) < 0 ? -1 : fd;
}

/* To a listener at a path, or of an abstract name. */
static int reach(const char *name, int abstract)
{
	return use(connect, name, abstract, SOCK_STREAM);
}

static int serve(const char *name)
{
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (listen(use(bind, name, 1, SOCK_STREAM), 9) < 0 || listen(use(bind, "socket", 0, SOCK_STREAM), 9) < 0 || use(bind, "datagrams", 0, SOCK_DGRAM) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	return pause();
}

/* One end of a pair sends elsewhere. */
static int pair_reaches(const char *name)
{
	int pair[2];
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	snprintf(to.sun_path, sizeof to.sun_path, "%s", name);
	return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 ? -1 : (int)sendto(pair[0], "x", 1, 0, (struct sockaddr *)&to, sizeof to);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	if (argc == 1)
		return printf("%ld\n", syscall(SYS_landlock_create_ruleset, NULL, 0, 1)) < 0;
	if (argc < 3 || chdir(argv[1]) < 0)
		return 2;
	if (argc == 3)
		return serve(argv[2]);
	pid_t pid = atoi(argv[2]);
	say("read", open("file", O_RDONLY));
	say("write", open("file", O_WRONLY));
	say("create", open("new", O_WRONLY | O_CREAT, 0600));
	say("list", open(".", O_RDONLY | O_DIRECTORY));
	say("link", link("file", "linked") < 0 ? -1 : unlink("linked"));
	say("rename", rename("file", "moved") < 0 ? -1 : rename("moved", "file"));
	say("truncate", truncate("file", 1));
	say("execute", run("program"));
	say("chmod", chmod("file", 0600));
	say("chmod-through-nothing", through("file", O_ACCMODE));
	say("chown", chown("file", getuid(), getgid()));
	say("attribute", setxattr("file", "user.canary", "x", 1, 0));
	say("times", utimensat(AT_FDCWD, "file", times, 0));
	say("watch", inotify_add_watch(inotify_init(), ".", IN_OPEN));
	say("abstract-socket", reach(argv[3], 1));
	say("socket", reach("socket", 0));
	say("datagram", pair_reaches("datagrams"));
	say("queue", msgget(0x7a5c, IPC_CREAT | 0600));
	say("segment", shmget(0x7a5c, 4096, IPC_CREAT | 0600));
	say("limit", prlimit(pid, RLIMIT_NOFILE, NULL, &limit) < 0 ? -1 : prlimit(pid, RLIMIT_NOFILE, &limit, NULL));
	say("priority", setpriority(PRIO_PROCESS, (id_t)pid, 19));
	say("trace", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	say("signal", kill(pid, SIGCONT));
	msgctl(msgget(0x7a5c, 0), IPC_RMID, NULL);
	shmctl(shmget(0x7a5c, 0, 0), IPC_RMID, NULL);
	return 0;
}
