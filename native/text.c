/* Texts with slots: the only values that a run adds to its plan. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "context.h"
#include "sys.h"

void new_id(struct context *c)
{
	unsigned char random[ID_LENGTH / 2];
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		memset(random, 0, sizeof random); /* cannot happen: the pool is ready before user space on every kernel we run on */
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(c->id + 2 * i, 3, "%02x", random[i]);
}

/* The start time of a process, field 22 of /proc/pid/stat: with the pid it names a process for good. */
static void start_time(pid_t pid, char *text, size_t size)
{
	char path[64], stat[1024];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	closing int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
	stat[got > 0 ? got : 0] = 0;
	char *at = strrchr(stat, ')'); /* the name before it may hold anything */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	snprintf(text, size, "%llu", at ? strtoull(at, NULL, 10) : 0ULL);
}

static void now(char *text, size_t size)
{
	struct timespec ts;
	struct tm tm;
	char date[32];
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, size, "%s.%09ldZ", date, ts.tv_nsec);
}

static bool is(struct span name, const char *text)
{
	return name.size == strlen(text) && memcmp(name.bytes, text, name.size) == 0;
}

/* The value of a slot, in `scratch` or in memory that lives as long as we do. */
static const char *slot_value(struct context *c, struct span name, char *scratch, size_t size)
{
	const struct peer *child = find_peer(c, "child");
	if (is(name, "id"))
		return c->id;
	if (is(name, "short-id")) {
		snprintf(scratch, size, "%.12s", c->id);
		return scratch;
	}
	if (is(name, "cwd"))
		return c->cwd;
	if (is(name, "now"))
		now(scratch, size);
	else if (is(name, "pid"))
		snprintf(scratch, size, "%d", child ? (int)child->pid : 0);
	else if (is(name, "start-time"))
		snprintf(scratch, size, "%s", c->started_at);
	else if (is(name, "exit-status"))
		snprintf(scratch, size, "%d", c->exit_status);
	else { /* env:NAME, the decoder let nothing else through */
		char variable[4096];
		if (name.size - 4 >= sizeof variable)
			return NULL;
		memcpy(variable, name.bytes + 4, name.size - 4);
		variable[name.size - 4] = 0;
		return getenv(variable);
	}
	return scratch;
}

void note_start(struct context *c, pid_t pid)
{
	start_time(pid, c->started_at, sizeof c->started_at);
}

static size_t put_json(char *to, const char *from)
{
	size_t n = 0;
	for (; *from; from++) {
		unsigned char b = (unsigned char)*from;
		char escaped[8];
		if (b == '"' || b == '\\')
			snprintf(escaped, sizeof escaped, "\\%c", b);
		else if (b < 0x20)
			snprintf(escaped, sizeof escaped, "\\u%04x", b);
		else
			snprintf(escaped, sizeof escaped, "%c", b);
		size_t size = strlen(escaped);
		if (to)
			memcpy(to + n, escaped, size);
		n += size;
	}
	return n;
}

/* Two passes over the parts: measure, then write. `to` is NULL in the first. */
static ssize_t put_parts(struct context *c, struct span text, char *to)
{
	struct part part;
	size_t n = 0;
	while (next_part(&text, &part)) {
		char scratch[128];
		if (part.kind == PART_LITERAL) {
			if (to)
				memcpy(to + n, part.span.bytes, part.span.size);
			n += part.span.size;
			continue;
		}
		const char *value = slot_value(c, part.span, scratch, sizeof scratch);
		if (!value) {
			errno = ENODATA;
			return -1;
		}
		if (part.kind == PART_SLOT_JSON) {
			n += put_json(to ? to + n : NULL, value);
		} else {
			size_t size = strlen(value);
			if (to)
				memcpy(to + n, value, size);
			n += size;
		}
	}
	return (ssize_t)n;
}

char *fill_text(struct context *c, struct span text)
{
	ssize_t size = put_parts(c, text, NULL);
	if (size < 0)
		return NULL;
	/* `now` may not grow between the passes: its length is fixed */
	char *filled = calloc(1, (size_t)size + 1);
	if (filled)
		put_parts(c, text, filled);
	return filled;
}

char **fill_list(struct context *c, const struct arg *list)
{
	char **texts = calloc(list->count + 1, sizeof *texts);
	size_t n = 0;
	for (uint32_t i = 0; texts && i < list->count; i++) {
		char *text = fill_text(c, list->list[i]);
		if (!text && errno == ENODATA)
			continue;
		if (!text)
			return NULL;
		texts[n++] = text;
	}
	return texts;
}
