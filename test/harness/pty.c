/*
 * A terminal for a test: runs a command on a new pty, as its session's controlling terminal.
 *
 *   pty ROWS COLUMNS COMMAND ARGS…
 *
 * Standard input is what is typed, standard output what the terminal receives. Descriptor 3 is a socket with lines:
 *   size ROWS COLUMNS   sets the window size (the kernel sends SIGWINCH)
 *   modes               answered by "icanon echo isig opost", those that are on
 * Exits as the command did, 128+n after signal n, once all output has been passed on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { CONTROL = 3 };

static void die(const char *what) {
  fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
  exit(124);
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) die("write");
    bytes += n;
    length -= (size_t)n;
  }
}

static void set_size(int terminal, unsigned short rows, unsigned short columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  if (ioctl(terminal, TIOCSWINSZ, &size) < 0) die("TIOCSWINSZ");
}

static void answer_modes(int terminal) {
  struct termios modes;
  if (tcgetattr(terminal, &modes) < 0) die("tcgetattr");
  char line[64];
  int length = snprintf(line, sizeof line, "%s%s%s%s\n", modes.c_lflag & ICANON ? "icanon " : "", modes.c_lflag & ECHO ? "echo " : "",
                        modes.c_lflag & ISIG ? "isig " : "", modes.c_oflag & OPOST ? "opost " : "");
  write_all(CONTROL, line, (size_t)length);
}

/* Commands come one per write of a test; a partial line would need a buffer, and none is that long. */
static int obey(int terminal) {
  char text[256];
  ssize_t n = read(CONTROL, text, sizeof text - 1);
  if (n <= 0) return 0;
  text[n] = '\0';
  for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;) {
    unsigned short rows, columns;
    if (sscanf(line, "size %hu %hu", &rows, &columns) == 2) set_size(terminal, rows, columns);
    if (strcmp(line, "modes") == 0) answer_modes(terminal);
  }
  return 1;
}

static void become_command(const char *terminal, char **command) {
  if (setsid() < 0) die("setsid");
  int fd = open(terminal, O_RDWR);
  if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0) die(terminal);
  for (int standard = 0; standard < 3; standard++) {
    if (dup2(fd, standard) < 0) die("dup2");
  }
  if (close_range(3, ~0U, 0) < 0) die("close_range");
  execvp(command[0], command);
  die(command[0]);
}

/* Until the last holder of the terminal has closed it: EIO on the master. */
static void relay(int terminal) {
  struct pollfd watched[] = {{terminal, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}, {CONTROL, POLLIN, 0}};
  for (;;) {
    if (poll(watched, 3, -1) < 0 && errno != EINTR) die("poll");
    char bytes[65536];
    if (watched[0].revents) {
      ssize_t n = read(terminal, bytes, sizeof bytes);
      if (n <= 0) return;
      write_all(STDOUT_FILENO, bytes, (size_t)n);
    }
    if (watched[1].revents) {
      ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
      if (n <= 0) watched[1].fd = -1;
      else write_all(terminal, bytes, (size_t)n);
    }
    if (watched[2].revents && !obey(terminal)) watched[2].fd = -1;
  }
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: pty ROWS COLUMNS COMMAND ARGS…\n");
    return 124;
  }
  int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0) die("posix_openpt");
  set_size(terminal, (unsigned short)atoi(argv[1]), (unsigned short)atoi(argv[2]));
  char name[64];
  if (ptsname_r(terminal, name, sizeof name) != 0) die("ptsname_r");
  /* Held open until the child has its own: a master without any slave reads EIO at once. */
  int held = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (held < 0) die(name);

  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) become_command(name, argv + 3);
  /* The child opens the terminal before it execs; CLOEXEC tells nothing of that, so wait for its session to own it. */
  while (tcgetpgrp(terminal) != child && waitpid(child, NULL, WNOHANG | WNOWAIT) == 0) usleep(500);
  close(held);
  relay(terminal);

  int status;
  if (waitpid(child, &status, 0) < 0) die("waitpid");
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
