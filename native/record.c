/*
 * Failure records: what failed, in which process, at which stage, on which path, with which errno. Five fields, each ended by NUL.
 * Node turns them into sentences (src/runtime/explain.ts).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "context.h"
#include "sys.h"

void note_path(struct context *c, const char *path)
{
	int saved = errno;
	snprintf(c->failed_path, sizeof c->failed_path, "%s", path);
	errno = saved;
}

void record_failure(struct context *c, const char *operation, int error)
{
	struct failure *f = &c->failure;
	if (f->error)
		return; /* the first one is the cause of the others */
	f->error = error ? error : EIO;
	snprintf(f->process, sizeof f->process, "%s", c->process);
	snprintf(f->stage, sizeof f->stage, "%s", c->stage);
	snprintf(f->operation, sizeof f->operation, "%s", operation);
	snprintf(f->path, sizeof f->path, "%s", c->failed_path);
}

size_t write_record(const struct failure *f, char *buffer, size_t size)
{
	int n = snprintf(buffer, size, "%s%c%s%c%s%c%s%c%d%c", f->process, 0, f->stage, 0, f->operation, 0, f->path, 0, f->error, 0);
	return n < 0 || (size_t)n > size ? 0 : (size_t)n;
}

static const char *take_field(const char **at, const char *end)
{
	const char *field = *at;
	const char *stop = memchr(field, 0, (size_t)(end - field));
	if (!stop)
		return NULL;
	*at = stop + 1;
	return field;
}

int read_record(struct failure *f, const char *buffer, size_t size)
{
	const char *at = buffer, *end = buffer + size, *fields[5];
	for (int i = 0; i < 5; i++)
		if (!(fields[i] = take_field(&at, end)))
			return -1;
	char *stop;
	long error = strtol(fields[4], &stop, 10);
	if (error <= 0 || error > INT_MAX || *stop)
		return -1; /* none would be no failure */
	snprintf(f->process, sizeof f->process, "%s", fields[0]);
	snprintf(f->stage, sizeof f->stage, "%s", fields[1]);
	snprintf(f->operation, sizeof f->operation, "%s", fields[2]);
	snprintf(f->path, sizeof f->path, "%s", fields[3]);
	f->error = (int)error;
	return 0;
}

/* Without Node nobody puts it into words. What a container chose to call its files must not speak to the terminal. */
void print_record(const struct failure *f)
{
	char path[4 * sizeof f->path + 1];
	size_t n = 0;
	for (const unsigned char *at = (const unsigned char *)f->path; *at; at++)
		n += (size_t)snprintf(path + n, sizeof path - n, *at >= ' ' && *at <= '~' ? "%c" : "\\x%02x", *at);
	path[n] = 0;
	if (strcmp(f->operation, "decode") == 0)
		fprintf(stderr, "tsrun: not a valid launch plan: %s\n", path);
	else
		fprintf(stderr, "tsrun: %s failed: process %s, stage %s%s%s: %s\n", f->operation, f->process, f->stage, n ? ", " : "", path, strerror(f->error));
}

/* Tells the library, if one listens: a 4-byte length, then the fields. A listener that is gone is not an error. */
void report(struct context *c, const char *bytes, size_t size)
{
	char frame[4096];
	if (c->report_fd < 0 || size + 4 > sizeof frame)
		return;
	for (int i = 0; i < 4; i++)
		frame[i] = (char)(size >> (8 * i));
	memcpy(frame + 4, bytes, size);
	write_all(c->report_fd, frame, size + 4);
}
