/*
 * Ways past `--landlock write=/var --landlock exec=/bin`, each told by its name and errno; 0 is success. `attack version` prints the kernel's version
 * of Landlock, or 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *what, int result)
{
	printf("%s %d\n", what, result < 0 ? errno : 0);
	fflush(stdout);
}

static int may_write(const char *path)
{
	int fd = open(path, O_WRONLY);
	if (fd >= 0)
		close(fd);
	return fd;
}

static int make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0755);
	if (fd >= 0)
		close(fd);
	return fd;
}

static int copy_self(const char *path)
{
	char buffer[65536];
	int from = open("/proc/self/exe", O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t size = 0;
	while (from >= 0 && to >= 0 && (size = read(from, buffer, sizeof buffer)) > 0)
		if (write(to, buffer, (size_t)size) != size)
			return -1;
	return from < 0 || to < 0 || size < 0 || close(to) < 0 ? -1 : 0;
}

/* By path, or by a descriptor for "". */
static int runs(int fd, const char *path)
{
	char *argv[] = { (char *)"attack", (char *)"version", NULL }, *envp[] = { NULL };
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		syscall(SYS_execveat, fd, path, argv, envp, AT_EMPTY_PATH);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno ? -1 : 0;
}

static int listens(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
}

static void writing(void)
{
	struct stat stat_;
	char reopened[64];
	tell("open", may_write("/etc/passwd"));
	tell("create", make("/etc/created"));
	tell("truncate", stat("/etc/passwd", &stat_) < 0 ? -1 : truncate("/etc/passwd", stat_.st_size));
	snprintf(reopened, sizeof reopened, "/proc/self/fd/%d", open("/etc/passwd", O_RDONLY));
	tell("reopen", may_write(reopened));
	tell("proc-root", may_write("/proc/self/root/etc/passwd"));
	tell("mkdir", mkdir("/etc/directory", 0755));
	tell("mkfifo", mkfifo("/etc/fifo", 0644));
	tell("symlink", symlink("x", "/etc/link"));
	tell("socket", listens("/etc/socket"));
	tell("unlink", unlink("/bin/wc"));
	tell("rmdir", rmdir("/home/ada"));
	tell("through-link", symlink("/etc/passwd", "/var/link") < 0 ? -1 : may_write("/var/link"));
	tell("hard-link", link("/etc/passwd", "/var/hard") < 0 ? -1 : may_write("/var/hard"));
	tell("move-in", rename("/bin/yes", "/var/yes"));
	tell("exchange", make("/var/a") < 0 ? -1 : renameat2(AT_FDCWD, "/var/a", AT_FDCWD, "/bin/xxd", RENAME_EXCHANGE));
}

static void executing(void)
{
	int fd = copy_self("/var/copy") < 0 ? -1 : open("/var/copy", O_RDONLY);
	tell("exec", runs(AT_FDCWD, "/var/copy"));
	tell("exec-descriptor", runs(fd, ""));
	tell("exec-link", symlink("copy", "/var/to-copy") < 0 ? -1 : runs(AT_FDCWD, "/var/to-copy"));
	tell("link-out", link("/var/copy", "/bin/linked"));
	tell("move-out", rename("/var/copy", "/bin/moved"));
}

static void allowed(void)
{
	tell("ok-write", make("/var/made"));
	tell("ok-null", may_write("/dev/null"));
	tell("ok-exec", runs(AT_FDCWD, "/bin/attack"));
	tell("ok-move", mkdir("/var/below", 0755) < 0 ? -1 : rename("/var/made", "/var/below/made"));
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "version") == 0) {
		long version = syscall(444, NULL, 0, 1);
		printf("%ld\n", version < 0 ? 0 : version);
		return 0;
	}
	writing();
	executing();
	allowed();
	return 0;
}
