/*
 * A place to execute plans in: namespaces of its own, ids that own nothing outside, an empty tmpfs as its root that is read-only once it
 * is furnished, no file of the host in it, bounded resources. What executes is started anew from a copy inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define OWN_IDS "0 1610612736 65536" /* of nobody, when we may choose */

struct source {
	char path[512];
	int fd;
};
static struct source sources[32];
static size_t source_count;

static void bring(const char *from, const char *to)
{
	must(source_count < sizeof sources / sizeof *sources);
	struct source *source = &sources[source_count++];
	snprintf(source->path, sizeof source->path, "%s", to);
	source->fd = open(from, O_RDONLY | O_CLOEXEC);
	must(source->fd >= 0);
}

static int bring_library(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size, (void)unused;
	if (info->dlpi_name[0] == '/')
		bring(info->dlpi_name, info->dlpi_name + 1);
	return 0;
}

static void make_parents(const char *path)
{
	char part[512];
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		must(mkdir(part, 0755) == 0 || errno == EEXIST);
	}
}

static void copy(const struct source *source)
{
	char buffer[65536];
	ssize_t n;
	make_parents(source->path);
	int to = open(source->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	must(to >= 0);
	while ((n = read(source->fd, buffer, sizeof buffer)) > 0)
		must(write(to, buffer, (size_t)n) == n);
	must(n == 0 && close(to) == 0);
}

static void bring_device(const char *name)
{
	char from[64];
	snprintf(from, sizeof from, "/%s", name);
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	must(fd >= 0 && close(fd) == 0);
	must(mount(from, name, NULL, MS_BIND, NULL) == 0);
}

static void furnish(void)
{
	static const char *const folders[] = { "proc", "dev", "tmp", "bin" };
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	must(mount("room", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=128m,mode=755") == 0);
	must(chdir("/tmp") == 0);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		must(mkdir(folders[i], 0755) == 0);
	for (size_t i = 0; i < source_count; i++)
		copy(&sources[i]);
	must(link("bin/fuzz", "bin/true") == 0);
	bring_device("dev/null");
	bring_device("dev/zero");
	bring_device("dev/tty");
	must(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0);
	must(syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0);
	must(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) == 0);
}

static void limit(int resource, rlim_t value)
{
	struct rlimit both = { value, value };
	must(setrlimit((__rlimit_resource_t)resource, &both) == 0);
}

/* Of a cell: what a plan multiplies ends early. */
void bound_resources(void)
{
	limit(RLIMIT_NPROC, 200);
	limit(RLIMIT_FSIZE, 16 << 20);
	limit(RLIMIT_NOFILE, 512);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, 60);
}

static bool write_map(pid_t pid, const char *file, const char *text)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return written;
}

static void map_ids(pid_t pid)
{
	char own[32];
	if (geteuid() == 0 && write_map(pid, "uid_map", OWN_IDS) && write_map(pid, "gid_map", OWN_IDS))
		return;
	snprintf(own, sizeof own, "0 %d 1", (int)geteuid());
	must(write_map(pid, "setgroups", "deny") && write_map(pid, "uid_map", own));
	snprintf(own, sizeof own, "0 %d 1", (int)getegid());
	must(write_map(pid, "gid_map", own));
}

static void live_in_it(char **argv)
{
	must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	must(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
	furnish();
	execv("/bin/fuzz", argv);
	finding("the copy of this program cannot be started");
}

pid_t enter_room(const char *corpus, char **argv)
{
	int ready[2], mapped[2];
	char byte = 0;
	must(pipe2(ready, O_CLOEXEC) == 0 && pipe2(mapped, O_CLOEXEC) == 0);
	bring("/proc/self/exe", "bin/fuzz");
	bring(corpus, "corpus");
	dl_iterate_phdr(bring_library, NULL);
	fflush(stdout);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		int status = 1;
		must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
		must(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) == 0);
		must(write(ready[1], &byte, 1) == 1 && read(mapped[0], &byte, 1) == 1);
		pid_t worker = fork();
		if (worker == 0)
			live_in_it(argv);
		must(worker > 0 && waitpid(worker, &status, 0) == worker);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	must(read(ready[0], &byte, 1) == 1);
	map_ids(pid);
	must(write(mapped[1], &byte, 1) == 1);
	return pid;
}
