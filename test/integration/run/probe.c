/*
 * What no shell can try, from inside a container:
 *
 *   probe steal      reads and types on every descriptor and name that could be the caller's terminal; one line each
 *   probe type       types on the terminal that it has itself
 *   probe orphan     clears its parent-death signal, as exec of a setuid program does, says "ready", and stays
 *   probe wait       takes its signals by sigwait, as many an init does: says "ready", then the number of each
 *   probe open FD…   which of these descriptors are open
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char *type_on(int fd) {
  char character = 'x';
  return ioctl(fd, TIOCSTI, &character) == 0 ? "typed" : strerrorname_np(errno);
}

static void try_descriptor(const char *name, int fd) {
  char byte;
  if (fd < 0) {
    printf("%s closed\n", name);
    return;
  }
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  ssize_t n = read(fd, &byte, 1);
  printf("%s tty=%d read=%s type=%s\n", name, isatty(fd), n >= 0 ? "yes" : errno == EAGAIN ? "nothing" : strerrorname_np(errno), type_on(fd));
}

static int steal(void) {
  const char *names[] = {"/dev/tty", "/dev/console", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/proc/1/fd/0", "/proc/1/fd/1", "/proc/1/fd/2"};
  for (int fd = 0; fd < 64; fd++) {
    char name[16];
    snprintf(name, sizeof name, "%d", fd);
    if (fcntl(fd, F_GETFD) >= 0) try_descriptor(name, fd);
  }
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int fd = open(names[i], O_RDWR | O_NOCTTY | O_NONBLOCK);
    try_descriptor(names[i], fd);
    close(fd);
  }
  return 0;
}

static void orphan(void) {
  prctl(PR_SET_PDEATHSIG, 0);
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}

static void wait_for_signals(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  puts("ready");
  for (int signal = 0; fflush(stdout), sigwait(&all, &signal) == 0;) printf("%d\n", signal);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "steal") == 0) return steal();
  if (argc > 1 && strcmp(argv[1], "orphan") == 0) orphan();
  if (argc > 1 && strcmp(argv[1], "wait") == 0) wait_for_signals();
  if (argc > 1 && strcmp(argv[1], "type") == 0) return puts(type_on(0)), 0;
  for (int i = 2; i < argc; i++) printf("%s %s\n", argv[i], fcntl(atoi(argv[i]), F_GETFD) >= 0 ? "open" : "closed");
  return 0;
}
