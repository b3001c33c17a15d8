/*
 * Decoder and validator of launch plans: with what texts are made of (parts.c) and whom operations may name (names.c) all that there is to
 * check. Reads foreign bytes: nothing here trusts a length, a count or a name. What is allocated stays bounded, because every count is
 * checked against the bytes that are left.
 */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"

#define OPERATION(name, kinds, function) { name, kinds, function },
static const struct op_definition definitions[] = {
#include "operations.def"
};
#undef OPERATION
#define OPERATION(name, kinds, function) _Static_assert(sizeof kinds - 1 <= OPERATION_MAX_ARGUMENTS, name " has too many arguments");
#include "operations.def"
#undef OPERATION
#define DEFINITIONS (sizeof definitions / sizeof *definitions)

struct reader {
	const uint8_t *at;
	size_t left;
	uint32_t operations; /* decoded so far, nested ones too */
	const char *reason;
};

static bool fail(struct reader *r, const char *reason)
{
	if (!r->reason)
		r->reason = reason;
	return false;
}

static bool take(struct reader *r, size_t size, const uint8_t **bytes)
{
	if (size > r->left)
		return fail(r, "it ends before its lengths say");
	*bytes = r->at;
	r->at += size;
	r->left -= size;
	return true;
}

static bool take_u32(struct reader *r, uint32_t *value)
{
	const uint8_t *b;
	if (!take(r, 4, &b))
		return false;
	*value = u32_at(b);
	return true;
}

static bool take_i64(struct reader *r, int64_t *value)
{
	const uint8_t *b;
	uint64_t v = 0;
	if (!take(r, 8, &b))
		return false;
	for (int i = 7; i >= 0; i--)
		v = v << 8 | b[i];
	*value = (int64_t)v;
	return true;
}

static bool take_span(struct reader *r, struct span *span)
{
	return take_u32(r, &span->size) && take(r, span->size, &span->bytes);
}

/* All that was allocated for plans hangs together: a malformed plan ends anywhere, and is let go as a whole. */
struct block {
	struct block *next;
	_Alignas(max_align_t) char memory[];
};
static struct block *blocks;

static void *allocate(struct reader *r, size_t count, size_t size)
{
	struct block *block = calloc(1, sizeof *block + count * size);
	if (!block) {
		fail(r, "there is no memory for it");
		return NULL;
	}
	block->next = blocks;
	blocks = block;
	return block->memory;
}

void free_plans(void)
{
	while (blocks) {
		struct block *block = blocks;
		blocks = block->next;
		free(block);
	}
}

/* A name: printable, short, kept as a C string. */
static bool take_name(struct reader *r, const char **name)
{
	struct span span;
	if (!take_span(r, &span))
		return false;
	if (span.size == 0 || span.size > 64)
		return fail(r, "a name is empty or too long");
	for (uint32_t i = 0; i < span.size; i++)
		if (span.bytes[i] <= ' ' || span.bytes[i] > '~')
			return fail(r, "a name holds a character that names do not have");
	char *copy = allocate(r, span.size + 1, 1);
	if (!copy)
		return false;
	memcpy(copy, span.bytes, span.size);
	*name = copy;
	return true;
}

static bool take_text(struct reader *r, struct span *text)
{
	const char *fault = NULL;
	return take_span(r, text) && (!(fault = text_fault(*text)) || fail(r, fault));
}

static bool take_ops(struct reader *r, struct op_list *list, int depth);
static struct plan *take_plan(struct reader *r, int depth);

static bool take_list(struct reader *r, struct arg *arg)
{
	if (!take_u32(r, &arg->count))
		return false;
	if (arg->count > PLAN_MAX_LIST || arg->count > r->left / 4)
		return fail(r, "a list is longer than the plan");
	if (!(arg->list = allocate(r, arg->count, sizeof *arg->list)))
		return false;
	for (uint32_t i = 0; i < arg->count; i++)
		if (!take_text(r, &arg->list[i]))
			return false;
	return true;
}

static bool take_vector(struct reader *r, struct arg *arg)
{
	if (!take_u32(r, &arg->count))
		return false;
	if (arg->count > PLAN_MAX_LIST || arg->count > r->left / 8)
		return fail(r, "a list is longer than the plan");
	if (!(arg->vector = allocate(r, arg->count, sizeof *arg->vector)))
		return false;
	for (uint32_t i = 0; i < arg->count; i++)
		if (!take_i64(r, &arg->vector[i]))
			return false;
	return true;
}

static bool take_arg(struct reader *r, char kind, struct arg *arg, int depth)
{
	const uint8_t *tag;
	if (!take(r, 1, &tag))
		return false;
	if (*tag != (uint8_t)kind)
		return fail(r, "an argument is not of its operation's kind");
	switch (kind) {
	case 'd':
	case 'p': return take_name(r, &arg->name);
	case 'n': return take_i64(r, &arg->number);
	case 'b': return take_text(r, &arg->span);
	case 'x': return take_span(r, &arg->span);
	case 'l': return take_list(r, arg);
	case 'v': return take_vector(r, arg);
	case 'o': return take_ops(r, &arg->ops, depth + 1);
	default:  return (arg->plan = take_plan(r, depth + 1)) != NULL;
	}
}

static bool take_op(struct reader *r, struct op *op, int depth)
{
	const char *name;
	uint32_t count;
	if (++r->operations > PLAN_MAX_OPERATIONS)
		return fail(r, "too many operations");
	if (!take_name(r, &name) || !take_u32(r, &count))
		return false;
	for (size_t i = 0; i < DEFINITIONS && !op->definition; i++)
		if (strcmp(definitions[i].name, name) == 0)
			op->definition = &definitions[i];
	if (!op->definition)
		return fail(r, "an unknown operation");
	const char *kinds = op->definition->kinds;
	if (count != strlen(kinds))
		return fail(r, "an operation has the wrong number of arguments");
	for (uint32_t i = 0; i < count; i++)
		if (!take_arg(r, kinds[i], &op->args[i], depth))
			return false;
	return true;
}

static bool take_ops(struct reader *r, struct op_list *list, int depth)
{
	if (depth > PLAN_MAX_DEPTH)
		return fail(r, "nested too deep");
	if (!take_u32(r, &list->count))
		return false;
	if (list->count > PLAN_MAX_OPERATIONS || list->count > r->left / 8)
		return fail(r, "more operations than the plan can hold");
	if (!(list->ops = allocate(r, list->count, sizeof *list->ops)))
		return false;
	for (uint32_t i = 0; i < list->count; i++)
		if (!take_op(r, &list->ops[i], depth))
			return false;
	return true;
}

static struct plan *take_plan(struct reader *r, int depth)
{
	struct plan *plan = allocate(r, 1, sizeof *plan);
	if (!plan || !take_u32(r, &plan->count))
		return NULL;
	if (plan->count == 0 || plan->count > PLAN_MAX_PROCESSES) {
		fail(r, "it has no process, or too many");
		return NULL;
	}
	if (!(plan->processes = allocate(r, plan->count, sizeof *plan->processes)))
		return NULL;
	for (uint32_t i = 0; i < plan->count; i++) {
		const char *name;
		if (!take_name(r, &name))
			return NULL;
		if (find_process(plan, name)) {
			fail(r, "two processes have one name");
			return NULL;
		}
		plan->processes[i].name = name;
		if (!take_ops(r, &plan->processes[i].ops, depth))
			return NULL;
	}
	return plan;
}

struct plan *decode_plan(const uint8_t *bytes, size_t size, const char **reason)
{
	struct reader r = { bytes, size, 0, NULL };
	const uint8_t *magic;
	uint32_t version, length;
	struct plan *plan = NULL;
	if (size > PLAN_MAX_BYTES)
		fail(&r, "it is too large");
	else if (!take(&r, 8, &magic) || memcmp(magic, "TSRUNPLN", 8) != 0)
		r.reason = "it is not a launch plan";
	else if (take_u32(&r, &version) && version != 1)
		fail(&r, "its version is not this helper's");
	else if (take_u32(&r, &length) && length != r.left)
		fail(&r, "its length is not what it says");
	else if (!r.reason && (plan = take_plan(&r, 0)) && r.left > 0)
		fail(&r, "something follows its end");
	if (plan && !r.reason)
		check_names(plan, &r.reason);
	*reason = r.reason;
	return r.reason ? NULL : plan;
}

void print_operations(void)
{
	for (size_t i = 0; i < DEFINITIONS; i++)
		printf("%s %s\n", definitions[i].name, definitions[i].kinds);
}
