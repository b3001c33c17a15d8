/* The frames of attach, at both ends, and what is typed into it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../native/context.h"
#include "../../../native/frames.h"
#include "../../../native/operations.h"
#include "../../../native/relay.h"
#include "../../../native/serve.h"
#include "fuzz.h"

/* Frames in a row, most of them right: small ones of a wrong size, lengths of 2 GiB and more, cut ones. */
static void any_frames(struct chance *c, struct bytes *out)
{
	static const uint32_t sizes[] = { 0, 1, 2, 4, 8, 9, 65535, 65536, 65537, INT32_MAX, UINT32_MAX };
	out->size = 0;
	for (uint32_t frames = below(c, 6); frames > 0; frames--) {
		uint8_t header[FRAME_HEADER];
		size_t before = out->size + FRAME_HEADER;
		put(out, header, sizeof header);
		any_bytes(c, out, one_in(c, 6) ? 70 * 1024 : 16);
		size_t size = one_in(c, 4) ? sizes[below(c, sizeof sizes / sizeof *sizes)] : out->size - before;
		put_header(header, (enum frame)below(c, one_in(c, 8) ? 256 : 7), (uint32_t)size);
		memcpy(out->at + before - FRAME_HEADER, header, sizeof header);
	}
	if (one_in(c, 3))
		any_bytes(c, out, 20);
	if (one_in(c, 3))
		out->size = below(c, (uint32_t)out->size + 1);
}

static void make_pair(int pair[2])
{
	int size = 4 << 20;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* What clients type goes into a file that takes all of it, as relay.c would write it. */
static void swallow(struct context *context)
{
	for (size_t i = 0; i < context->relay_count; i++) {
		struct relay *relay = context->relays[i];
		must(relay->start <= relay->end && relay->end <= sizeof relay->buffer);
		relay->start = relay->end = 0;
	}
}

static void serve_until_quiet(struct chance *c, struct context *context)
{
	struct pollfd polls[SERVE_POLLS];
	uint32_t printed = below(c, 5);
	for (;;) {
		serve_polls(context->server, polls);
		if (printed > 0 && serve_has_room(context->server)) {
			static char output[FRAME_PAYLOAD];
			serve_output(context->server, (int)below(c, 2), output, below(c, sizeof output + 1));
			printed--;
		}
		if (poll(polls, SERVE_POLLS, 0) <= 0)
			break;
		int sig = serve_events(context->server, polls);
		must(sig >= 0 && sig < _NSIG);
		swallow(context);
	}
	serve_end(context->server, (int)below(c, 300));
	context->server = NULL;
}

void fuzz_serve(struct chance *c)
{
	struct context *context = fresh_context();
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	name_descriptor(context, "null", null);
	name_descriptor(context, "input", fcntl(null, F_DUPFD_CLOEXEC, 3));
	const struct op host = { .args = { { .name = one_in(c, 6) ? "null" : "input" }, { .number = below(c, 4) } } };
	must(op_host(context, &host) == 0);
	int peers[3];
	uint32_t count = 1 + below(c, 3);
	for (uint32_t i = 0; i < count; i++) {
		int pair[2];
		const struct op admit = { .args = { { .name = "client" } } };
		make_pair(pair);
		name_descriptor(context, "client", pair[0]);
		must(op_admit(context, &admit) == 0);
		forget_descriptor(context, "client");
		any_frames(c, &current);
		(void)!send(pair[1], current.at, current.size, MSG_NOSIGNAL);
		if (one_in(c, 2))
			shutdown(pair[1], SHUT_WR);
		peers[i] = pair[1];
	}
	serve_until_quiet(c, context);
	for (uint32_t i = 0; i < count; i++)
		close(peers[i]);
	release_relays(context);
	forget_descriptor(context, "input");
	forget_descriptor(context, "null");
}

/* Typed in front of it all: beginnings of the keys to detach, which are no more than that. */
static void type_something(struct chance *c, const struct bytes *keys)
{
	int ends[2];
	struct bytes typed = { NULL, 0, 0 };
	must(pipe2(ends, O_CLOEXEC) == 0);
	for (uint32_t i = below(c, 40); i > 0; i--) {
		put(&typed, keys->at, below(c, (uint32_t)keys->size));
		any_bytes(c, &typed, one_in(c, 10) ? 1000 : 3);
	}
	(void)!write(ends[1], typed.at, typed.size < 60000 ? typed.size : 60000);
	close(ends[1]);
	dup2(ends[0], 0);
	close(ends[0]);
	free(typed.at);
}

void fuzz_attach(struct chance *c)
{
	struct context *context = fresh_context();
	sigset_t none;
	int pair[2];
	struct bytes keys = { NULL, 0, 0 };
	sigemptyset(&none);
	context->signal_fd = signalfd(-1, &none, SFD_CLOEXEC | SFD_NONBLOCK);
	put(&keys, "", 1); /* somewhere, as a plan's are, also when there are none */
	keys.size = 0;
	any_bytes(c, &keys, one_in(c, 4) ? 3000 : 4);
	type_something(c, &keys);
	make_pair(pair);
	name_descriptor(context, "connection", pair[0]);
	name_descriptor(context, "stdout", open("/dev/null", O_WRONLY | O_CLOEXEC));
	name_descriptor(context, "stderr", open("/dev/null", O_WRONLY | O_CLOEXEC));
	any_frames(c, &current);
	(void)!send(pair[1], current.at, current.size, MSG_NOSIGNAL);
	shutdown(pair[1], SHUT_WR);
	const struct op op = { .args = { { .name = "connection" }, { .number = below(c, 8) }, { .span = { keys.at, (uint32_t)keys.size } } } };
	op_attach_to(context, &op);
	must(context->exit_status >= 0 && context->exit_status < 256);
	close(pair[1]);
	close(context->signal_fd);
	forget_descriptor(context, "connection");
	forget_descriptor(context, "stdout");
	forget_descriptor(context, "stderr");
	free(keys.at);
}
