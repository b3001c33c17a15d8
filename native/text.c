/* Texts with slots: the only values that a run adds to its plan. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "context.h"
#include "health.h"
#include "json.h"
#include "sys.h"

void new_id(struct context *c)
{
	unsigned char random[ID_LENGTH / 2];
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		memset(random, 0, sizeof random); /* cannot happen: the pool is ready before user space on every kernel we run on */
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(c->id + 2 * i, 3, "%02x", random[i]);
}

void read_start_time(pid_t pid, char *text, size_t size)
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

void format_now(char *text, size_t size)
{
	struct timespec ts;
	struct tm tm;
	char date[32];
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, size, "%s.%09ldZ", date, ts.tv_nsec);
}

int64_t milliseconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static bool is(struct span name, const char *text)
{
	return name.size == strlen(text) && memcmp(name.bytes, text, name.size) == 0;
}

static const char *variable(struct span name)
{
	char text[4096];
	if (name.size >= sizeof text) {
		errno = ENODATA;
		return NULL;
	}
	memcpy(text, name.bytes, name.size);
	text[name.size] = 0;
	errno = ENODATA;
	return getenv(text);
}

static const char *read_boot_id(char *scratch, size_t size)
{
	closing int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, scratch, size - 1);
	if (n <= 0)
		return "unknown";
	scratch[n] = 0;
	scratch[strcspn(scratch, "\n")] = 0;
	return scratch;
}

static const char *print_number(char *scratch, size_t size, long long number)
{
	snprintf(scratch, size, "%lld", number);
	return scratch;
}

/* As long and as new as the id, another for each number: the same wherever this execution names it (splitmix64 of the id). */
static const char *numbered_id(const struct context *c, struct span digits, char *scratch)
{
	uint64_t number = 1;
	for (uint32_t i = 0; i < digits.size; i++)
		number = 10 * number + (uint64_t)(digits.bytes[i] - '0');
	for (size_t word = 0; word < ID_LENGTH / 16; word++) {
		char part[17] = "";
		memcpy(part, c->id + 16 * word, 16);
		uint64_t mixed = strtoull(part, NULL, 16) + number * 0x9E3779B97F4A7C15ULL;
		mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
		mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
		snprintf(scratch + 16 * word, 17, "%016llx", (unsigned long long)(mixed ^ (mixed >> 31)));
	}
	return scratch;
}

/* The value of a slot, in `scratch` or in memory that lives as long as we do. NULL: there is none, errno says why. */
static const char *slot_value(struct context *c, struct span name, char *scratch, size_t size)
{
	if (is(name, "id"))
		return c->id;
	if (is(name, "short-id")) {
		snprintf(scratch, size, "%.12s", c->id);
		return scratch;
	}
	if (is(name, "now")) {
		format_now(scratch, size);
		return scratch;
	}
	if (is(name, "cwd")) {
		errno = ENOENT; /* the caller stands in a directory that was removed */
		return *c->cwd ? c->cwd : NULL;
	}
	if (is(name, "pid"))
		return print_number(scratch, size, c->container_pid);
	if (is(name, "boot-id"))
		return read_boot_id(scratch, size);
	if (is(name, "start-time"))
		return c->started_at;
	if (is(name, "exit-status"))
		return print_number(scratch, size, c->exit_status);
	if (is(name, "exit-signal")) /* empty: it ended by itself */
		return c->exit_signal ? print_number(scratch, size, c->exit_signal) : "";
	if (is(name, "end-reason"))
		return c->late ? c->time_limit_words : "";
	if (name.size > 5 && memcmp(name.bytes, "port:", 5) == 0) {
		char socket[80];
		snprintf(socket, sizeof socket, "%.*s", (int)(name.size - 5), (const char *)name.bytes + 5);
		int fd = descriptor(c, socket);
		return fd < 0 ? NULL : print_number(scratch, size, port_of(fd));
	}
	if (is(name, "running-since"))
		return c->running_since;
	if (is(name, "begun"))
		return c->begun;
	if (is(name, "own-pid"))
		return print_number(scratch, size, getpid());
	if (is(name, "own-start-time")) {
		read_start_time(getpid(), scratch, size);
		return scratch;
	}
	if (is(name, "restarts"))
		return print_number(scratch, size, c->restarts);
	if (is(name, "health"))
		return health_word(c->health);
	if (is(name, "failing-streak"))
		return print_number(scratch, size, health_streak(c->health));
	if (name.size > 6 && memcmp(name.bytes, "probe-", 6) == 0)
		return probe_value(c->health, (struct span){ name.bytes + 6, name.size - 6 }, scratch, size);
	if (name.size > 7 && memcmp(name.bytes, "new-id:", 7) == 0)
		return numbered_id(c, (struct span){ name.bytes + 7, name.size - 7 }, scratch);
	/* env:NAME, the decoder let nothing else through */
	return variable((struct span){ name.bytes + 4, name.size - 4 });
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
		if (!value)
			return -1;
		if (part.kind == PART_SLOT_JSON) {
			n += escape_json(to ? to + n : NULL, value, strlen(value));
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
	char **texts = calloc((size_t)list->count + 1, sizeof *texts);
	size_t n = 0;
	for (uint32_t i = 0; texts && i < list->count; i++) {
		texts[n] = fill_text(c, list->list[i]);
		if (texts[n]) {
			n++;
		} else if (errno != ENODATA) {
			free_list(&texts);
			return NULL;
		}
	}
	return texts;
}

void free_list(char ***texts)
{
	int saved = errno;
	for (char **text = *texts; text && *text; text++)
		free(*text);
	free(*texts);
	*texts = NULL;
	errno = saved;
}
