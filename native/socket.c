/* Unix sockets: at a name in a directory, or two ends of one connection. */
#include "socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "context.h"
#include "operations.h"
#include "sys.h"

/* By way of an open directory: the name of a socket may be 107 bytes long at most, a path longer. */
static int name_socket(struct context *c, const struct op *op, struct sockaddr_un *address)
{
	int directory = descriptor(c, op->args[0].name);
	freeing char *name = fill_text(c, op->args[1].span);
	if (directory < 0 || !name)
		return -1;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((size_t)snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", directory, name) < sizeof address->sun_path)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static int bind_privately(int fd, const struct sockaddr_un *address)
{
	unlink(address->sun_path); /* a run that was killed left it */
	mode_t before = umask(0177);
	int bound = bind(fd, (const struct sockaddr *)address, sizeof *address);
	umask(before);
	return bound;
}

int listen_at(struct context *c, const struct op *op, int backlog)
{
	struct sockaddr_un address;
	if (name_socket(c, op, &address) < 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind_privately(fd, &address) == 0 && listen(fd, backlog) == 0)
		return fd;
	close_fd(&fd);
	return -1;
}

/* Arguments: directory, name of the socket, what the connection is called. */
int op_connect(struct context *c, const struct op *op)
{
	struct sockaddr_un address;
	if (name_socket(c, op, &address) < 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return name_descriptor(c, op->args[2].name, fd);
	close_fd(&fd);
	return -1;
}

/* Two ends of one connection, for processes that are still one. */
int op_socket_pair(struct context *c, const struct op *op)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	int near = name_end(c, op->args[0].name, "near", ends[0]);
	return name_end(c, op->args[0].name, "far", ends[1]) < 0 ? -1 : near;
}

bool is_callers(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}
