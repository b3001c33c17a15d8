/*
 * The container's log in docker's json-file form: one JSON object for each line of output, so that nothing written inside can look like
 * a line of ours. Rotated by size.
 */
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "context.h"
#include "json.h"
#include "operations.h"
#include "sys.h"

/* A longer line goes into several objects, of which only the last one's text ends with a newline (as docker's does). */
#define LINE_MAX_BYTES 16384

#define MOST_FILES 999

struct line {
	size_t size;
	char bytes[LINE_MAX_BYTES];
};

struct log {
	char *path;
	int fd;
	off_t size, limit; /* limit 0: never rotated */
	int files;         /* the log itself and those that were rotated */
	struct line lines[2];
};

static int open_log(struct log *log)
{
	struct stat stat;
	log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log->fd < 0 || fstat(log->fd, &stat) < 0)
		return -1;
	log->size = stat.st_size;
	return 0;
}

/* log becomes log.1, log.1 becomes log.2; the oldest goes. What cannot be renamed is written on. */
static void rotate(struct log *log)
{
	char from[4096], to[4096];
	for (int i = log->files - 1; i > 0; i--) {
		snprintf(to, sizeof to, "%s.%d", log->path, i);
		if (i > 1)
			snprintf(from, sizeof from, "%s.%d", log->path, i - 1);
		else
			snprintf(from, sizeof from, "%s", log->path);
		if (rename(from, to) < 0 && errno != ENOENT)
			return;
	}
	if (log->files < 2 && unlink(log->path) < 0)
		return;
	close_fd(&log->fd);
	open_log(log);
}

/* A line that does not fit on the disk is taken back as a whole: those before and behind it can still be read. */
static void append(struct log *log, const char *text, size_t size)
{
	if (log->limit > 0 && log->size > 0 && log->size + (off_t)size > log->limit)
		rotate(log);
	if (log->fd < 0)
		return;
	if (write_all(log->fd, text, size) == 0)
		log->size += (off_t)size;
	else
		(void)!ftruncate(log->fd, log->size);
}

static void write_line(struct log *log, struct line *line, int stream, size_t size)
{
	static char text[6 * LINE_MAX_BYTES + 128];
	char now[40];
	size_t n = (size_t)sprintf(text, "{\"log\":\"");
	n += escape_json(text + n, line->bytes, size);
	format_now(now, sizeof now);
	n += (size_t)sprintf(text + n, "\",\"stream\":\"%s\",\"time\":\"%s\"}\n", stream == 0 ? "stdout" : "stderr", now);
	append(log, text, n);
	line->size -= size;
	memmove(line->bytes, line->bytes + size, line->size);
}

/* How much of a full buffer can be written without cutting a character in two. */
static size_t whole_characters(const struct line *line)
{
	for (size_t back = 1; back < 4; back++)
		if (character_size(line->bytes + line->size - back, back) < 0)
			return line->size - back;
	return line->size;
}

void log_output(struct log *log, int stream, const char *bytes, size_t size)
{
	struct line *line = &log->lines[stream];
	while (size > 0) {
		const char *newline = memchr(bytes, '\n', size);
		size_t room = LINE_MAX_BYTES - line->size, take = newline ? (size_t)(newline - bytes) + 1 : size;
		bool ends = newline && take <= room;
		take = take < room ? take : room;
		memcpy(line->bytes + line->size, bytes, take);
		line->size += take;
		bytes += take;
		size -= take;
		if (ends)
			write_line(log, line, stream, line->size);
		else if (line->size == LINE_MAX_BYTES)
			write_line(log, line, stream, whole_characters(line));
	}
}

void log_end(struct log *log, int stream)
{
	if (log->lines[stream].size > 0)
		write_line(log, &log->lines[stream], stream, log->lines[stream].size);
}

void log_leave(struct log *log)
{
	close_fd(&log->fd);
	log->fd = -1;
}

/* From here on what relays carry can be recorded. */
int op_log(struct context *c, const struct op *op)
{
	int64_t files = op->args[2].number;
	if (files < 1 || files > MOST_FILES) {
		errno = EINVAL;
		return -1;
	}
	struct log *log = calloc(1, sizeof *log);
	if (!log || !(log->path = fill_text(c, op->args[0].span))) {
		free(log);
		return -1;
	}
	note_path(c, log->path);
	log->limit = op->args[1].number;
	log->files = (int)files;
	c->log = log;
	return open_log(log);
}
