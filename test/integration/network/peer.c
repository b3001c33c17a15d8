/*
 * Both ends of a conversation, for the tests of the network:
 *
 *   peer echo PORT [ADDRESS]            answers what it hears, TCP and UDP, at every address; says "ready"
 *   peer names PORT                     answers by TCP who asks: the client's address as it is seen here; says "ready"
 *   peer ask tcp|udp ADDRESS PORT       says its standard input, prints as much of an answer, and goes: no end is told or waited for
 *   peer send tcp|udp ADDRESS PORT      says its standard input, prints the answer; 1 and a reason when there is none
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t address_of(const char *text, int port, struct sockaddr_storage *address) {
  struct sockaddr_in *four = (struct sockaddr_in *)address;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    return sizeof *four;
  }
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(port);
  if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1) exit(2);
  return sizeof *six;
}

static void fail(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  exit(1);
}

static int bound(int type, const char *text, int port) {
  struct sockaddr_storage address;
  socklen_t size = address_of(text, port, &address);
  int one = 1, fd = socket(address.ss_family, type, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, size) < 0) fail("bind");
  if (type == SOCK_STREAM && listen(fd, 64) < 0) fail("listen");
  return fd;
}

static void write_all(int fd, const char *bytes, ssize_t size) {
  for (ssize_t n; size > 0; bytes += n, size -= n)
    if ((n = write(fd, bytes, size)) < 0) exit(1);
}

static char buffer[1 << 17];

static void copy(int from, int to) {
  for (ssize_t n; (n = read(from, buffer, sizeof buffer)) > 0;) write_all(to, buffer, n);
}

static int echo(int port, const char *address) {
  int stream = bound(SOCK_STREAM, address, port), datagrams = bound(SOCK_DGRAM, address, port);
  struct pollfd polls[] = {{stream, POLLIN, 0}, {datagrams, POLLIN, 0}};
  signal(SIGCHLD, SIG_IGN);
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct sockaddr_storage client;
    socklen_t size = sizeof client;
    poll(polls, 2, -1);
    if (polls[1].revents) {
      ssize_t n = recvfrom(datagrams, buffer, sizeof buffer, 0, (struct sockaddr *)&client, &size);
      if (n >= 0) sendto(datagrams, buffer, n, 0, (struct sockaddr *)&client, size);
    }
    if (!polls[0].revents) continue;
    int fd = accept(stream, NULL, NULL);
    if (fork() == 0) {
      copy(fd, fd);
      exit(0);
    }
    close(fd);
  }
}

static void names(int port) {
  int stream = bound(SOCK_STREAM, "::", port);
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct sockaddr_in6 client;
    socklen_t size = sizeof client;
    char text[INET6_ADDRSTRLEN] = "";
    int fd = accept(stream, (struct sockaddr *)&client, &size);
    inet_ntop(AF_INET6, &client.sin6_addr, text, sizeof text);
    while (read(fd, buffer, sizeof buffer) > 0) continue;
    write_all(fd, text, strlen(text));
    close(fd);
  }
}

static int say(const char *protocol, const char *text, int port, int whole) {
  struct sockaddr_storage address;
  socklen_t size = address_of(text, port, &address);
  struct timeval patience = {.tv_sec = 2};
  int udp = strcmp(protocol, "udp") == 0, fd = socket(address.ss_family, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
  if (!udp) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd, (struct sockaddr *)&address, size) < 0) fail("connect");
  if (udp || !whole) {
    ssize_t said = read(0, buffer, sizeof buffer);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (int attempt = 0; attempt < (udp ? 3 : 1); attempt++) {
      send(fd, buffer, said, 0);
      ssize_t n = recv(fd, buffer, sizeof buffer, 0);
      if (n < 0) continue;
      write_all(1, buffer, n);
      return 0;
    }
    fail("recv");
  }
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){0}, sizeof patience);
  if (fork() == 0) {
    copy(0, fd);
    shutdown(fd, SHUT_WR);
    exit(0);
  }
  ssize_t n, all = 0;
  for (; (n = read(fd, buffer, sizeof buffer)) > 0; all += n) write_all(1, buffer, n);
  if (n < 0) fail("read");
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "echo") == 0) return echo(atoi(argv[2]), argc > 3 ? argv[3] : "::");
  if (argc > 2 && strcmp(argv[1], "names") == 0) names(atoi(argv[2]));
  if (argc > 4 && strcmp(argv[1], "send") == 0) return say(argv[2], argv[3], atoi(argv[4]), 1);
  if (argc > 4 && strcmp(argv[1], "ask") == 0) return say(argv[2], argv[3], atoi(argv[4]), 0);
  return 2;
}
