/* Failure records, text inside JSON, what a container prints. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../native/context.h"
#include "../../../native/json.h"
#include "../../../native/log.h"
#include "../../../native/operations.h"
#include "fuzz.h"

struct context *fresh_context(void)
{
	static struct context context;
	context = (struct context){ .process = "parent", .stage = "fuzz" };
	context.watched = context.terminal = context.window = context.pty = context.report_fd = context.sealed_fd = context.self_fd = -1;
	return &context;
}

void any_bytes(struct chance *c, struct bytes *out, size_t most)
{
	static const char *const words[] = { "", "\n", "\"", "\\", "\x7f", "\x1b[2J", "\xc2\x85", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "\xc0\x80", "\xff", "-1", "4294967296", "wait", "parent" };
	size_t size = below(c, (uint32_t)most + 1), start = out->size;
	bool text = one_in(c, 2);
	while (out->size < start + size) {
		const char *word = words[below(c, sizeof words / sizeof *words)];
		if (text && *word)
			put(out, word, strlen(word) - (strlen(word) > 1 && one_in(c, 4)));
		else
			put_u8(out, (uint8_t)any(c));
	}
	out->size = start + size;
}

static void any_record(struct chance *c, struct bytes *out)
{
	for (uint32_t fields = 5 + below(c, 3) - 1; fields > 0; fields--) {
		any_bytes(c, out, one_in(c, 20) ? 70 * 1024 : one_in(c, 3) ? 1500 : 70);
		if (!one_in(c, 20))
			put_u8(out, 0);
	}
}

static struct bytes exact_copy(const struct bytes *of)
{
	struct bytes copy = { malloc(of->size ? of->size : 1), of->size, of->size };
	must(copy.at);
	memcpy(copy.at, of->at, of->size);
	return copy;
}

void fuzz_record(struct chance *c)
{
	static FILE *nowhere;
	struct failure failure = { .error = 0 }, again = { .error = 0 };
	char message[4 * sizeof failure];
	current.size = 0;
	any_record(c, &current);
	struct bytes exact = exact_copy(&current);
	if (read_record(&failure, (const char *)exact.at, exact.size) == 0) {
		must(failure.error > 0);
		size_t size = write_record(&failure, message, sizeof message);
		must(size > 0 && read_record(&again, message, size) == 0 && strcmp(again.path, failure.path) == 0 && again.error == failure.error);
		FILE *shown = stderr;
		stderr = nowhere = nowhere ? nowhere : fopen("/dev/null", "w");
		print_record(&failure);
		stderr = shown;
	}
	free(exact.at);
}

void fuzz_json(struct chance *c)
{
	current.size = 0;
	any_bytes(c, &current, one_in(c, 100) ? 70 * 1024 : 200);
	struct bytes exact = exact_copy(&current);
	size_t size = escape_json(NULL, (const char *)exact.at, exact.size);
	must(size <= 6 * exact.size);
	char *to = malloc(size + 1);
	must(to && escape_json(to, (const char *)exact.at, exact.size) == size);
	for (size_t i = 0; i < size;) {
		int length = character_size(to + i, size - i);
		must(length > 0 && (unsigned char)to[i] >= ' ' && to[i] != 0x7f && to[i] != '"');
		i += (size_t)length + (to[i] == '\\');
	}
	free(to);
	free(exact.at);
}

/* Every line of it is an object of ours, whatever was printed. */
static void check_log(const char *path)
{
	static char line[6 * 16384 + 256];
	FILE *file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file)) {
		size_t size = strlen(line);
		must(strncmp(line, "{\"log\":\"", 8) == 0 && size > 12 && strcmp(line + size - 4, "Z\"}\n") == 0);
	}
	must(file && fclose(file) == 0);
}

static int open_a_log(struct context *context, const char *path, int64_t limit, int64_t files)
{
	struct bytes text = { NULL, 0, 0 };
	put_u8(&text, PART_LITERAL);
	put_sized(&text, path, strlen(path));
	struct op op = { .args = { { .span = { text.at, (uint32_t)text.size } }, { .number = limit }, { .number = files } } };
	int result = op_log(context, &op);
	free(text.at);
	return result;
}

void fuzz_log(struct chance *c)
{
	char path[512];
	struct context *context = fresh_context();
	snprintf(path, sizeof path, "%s/tsrun-fuzz-log-%d", temporary(), (int)getpid());
	unlink(path);
	must(open_a_log(context, path, one_in(c, 2) ? below(c, 100000) : 0, 1 + below(c, 3)) == 0);
	for (uint32_t writes = below(c, 12); writes > 0; writes--) {
		current.size = 0;
		any_bytes(c, &current, one_in(c, 3) ? 40000 : 100);
		struct bytes exact = exact_copy(&current);
		log_output(context->log, (int)below(c, 2), (const char *)exact.at, exact.size);
		free(exact.at);
	}
	log_end(context->log, 0);
	log_end(context->log, 1);
	log_leave(context->log);
	check_log(path);
	for (int i = 0; i < 4; i++) {
		unlink(path);
		snprintf(path, sizeof path, "%s/tsrun-fuzz-log-%d.%d", temporary(), (int)getpid(), i + 1);
	}
	struct { char *path; } *log = (void *)context->log; /* its first member: a log lives as long as its process */
	free(log->path);
	free(context->log);
}
