/* The launch plan, decoded. Layout: src/plan/encode.ts draws it; every length is checked against what is left. */
#ifndef TSRUN_PLAN_H
#define TSRUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAX_BYTES (16u << 20) /* 2 MiB of arguments, which the kernel takes, once as JSON escapes and once as they are */
#define PLAN_MAX_DEPTH 4
#define PLAN_MAX_PROCESSES 16
#define PLAN_MAX_OPERATIONS 4096
#define PLAN_MAX_LIST 65536
#define OPERATION_MAX_ARGUMENTS 6

struct context;
struct op;
typedef int (*op_function)(struct context *, const struct op *);

struct op_definition {
	const char *name;
	const char *kinds;
	op_function run;
};

struct span {
	const uint8_t *bytes;
	uint32_t size;
};

/* Little-endian. */
static inline uint32_t u32_at(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

struct op_list {
	uint32_t count;
	struct op *ops;
};

struct plan;

struct arg {
	struct span span;      /* b: parts; x: bytes */
	const char *name;      /* d, p: a C string */
	int64_t number;        /* n */
	uint32_t count;        /* l, v */
	struct span *list;     /* l: one span of parts per element */
	int64_t *vector;       /* v */
	struct op_list ops;    /* o */
	struct plan *plan;     /* q */
};

struct op {
	const struct op_definition *definition;
	struct arg args[OPERATION_MAX_ARGUMENTS];
};

struct process {
	const char *name;
	struct op_list ops;
};

struct plan {
	uint32_t count;
	struct process *processes;
};

/* A part of a text: literal bytes, or a slot to fill (escaped for JSON if asked). */
enum part_kind { PART_LITERAL = 0, PART_SLOT = 1, PART_SLOT_JSON = 2 };
struct part {
	enum part_kind kind;
	struct span span;
};

/* parts.c: takes the next part off a text; false when no whole one is left, which in a text that the decoder has accepted is its end. */
bool next_part(struct span *text, struct part *part);
/* Why it is no text; NULL: it is one. */
const char *text_fault(struct span text);

/* Decodes and validates all of it, nested plans too. NULL with *reason set when it is malformed. The plan points into the bytes. */
struct plan *decode_plan(const uint8_t *bytes, size_t size, const char **reason);
/* Frees every plan that was decoded, and what a refused one left. */
void free_plans(void);
const struct process *find_process(const struct plan *plan, const char *name);
/* Of a decoded plan. False with *reason set when an operation names a process that it cannot know. */
bool check_names(const struct plan *plan, const char **reason);
void print_operations(void);

/* check.c: exit statuses */
int check_one(void);
int check_many(void);

#endif
