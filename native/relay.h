/* Bytes that the run stage moves between the container and whoever it speaks to. */
#ifndef TSRUN_RELAY_H
#define TSRUN_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct peer;

struct relay {
	const char *name;    /* of the descriptor that it reads */
	const char *target;  /* and of the one that it writes */
	int from, to;        /* -1 once done */
	int flags;
	int stream;          /* of the container's output that is recorded: 0 stdout, 1 stderr, else -1 */
	size_t start, end;
	bool line_open;      /* what was read last did not end a line */
	int64_t asleep;      /* in milliseconds, or 0: until then nobody is expected to open the pty again */
	char buffer[65536];
};
#define RELAY_CLOSE 1    /* end of input closes the other end */
#define RELAY_EOT 2      /* end of input types ^D: the other end is a pty master */
#define RELAY_FATAL 4    /* a broken output ends the run */
#define RELAY_FED 8      /* what it writes comes from attached clients, not from a descriptor */

/* One that reads and writes nothing yet. NULL with errno when there are too many. */
struct relay *add_relay(struct context *, const char *name, const char *target, int64_t flags);
/* Fills an entry for each. After the end of the container only its output is still moved. */
void relay_polls(const struct context *, bool ended, struct pollfd *polls);
/* Moves what can be moved. Returns the signal that ends pid 1 for it (a broken output, a ^C that it does nothing with), or 0. */
int relay_events(struct context *, const struct peer *, bool ended, const struct pollfd *polls);
bool relays_have_output(const struct context *);
/* Output that only waits for whoever reads it. */
bool relays_wait_for_reader(const struct context *);
/* Somebody may open a pty again that nobody has open now. */
bool relays_sleep(const struct context *);
void release_relays(struct context *);

#endif
