/* The decoder and the validator, and every text of what they let through. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native/context.h"
#include "../../../native/sys.h"
#include "fuzz.h"

static unsigned long valid, refused;
static const char *reasons[64];

/* Memory runs out at a call of the case's choice: the decoder and all else of the helper are linked against this. */
static int calls_left = -1;
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	if (calls_left >= 0 && calls_left-- == 0)
		return NULL;
	return __real_calloc(count, size);
}

static void note_reason(const char *reason)
{
	size_t i = 0;
	while (i < sizeof reasons / sizeof *reasons && reasons[i] && strcmp(reasons[i], reason) != 0)
		i++;
	must(i < sizeof reasons / sizeof *reasons);
	reasons[i] = reason;
}

void print_decoded(void)
{
	size_t kinds = 0;
	while (kinds < sizeof reasons / sizeof *reasons && reasons[kinds])
		kinds++;
	printf(": %lu valid, %lu refused for %zu reasons", valid, refused, kinds);
}

static void fill(struct context *c, struct span text)
{
	freeing char *filled = fill_text(c, text);
	must(filled || errno == ENODATA || errno == EBADF || errno == ENOENT);
}

static void fill_operations(struct context *c, const struct op_list *list);

static void fill_argument(struct context *c, char kind, const struct arg *arg)
{
	if (kind == 'b')
		fill(c, arg->span);
	for (uint32_t i = 0; kind == 'l' && i < arg->count; i++)
		fill(c, arg->list[i]);
	if (kind == 'o')
		fill_operations(c, &arg->ops);
	for (uint32_t i = 0; kind == 'q' && i < arg->plan->count; i++)
		fill_operations(c, &arg->plan->processes[i].ops);
}

static void fill_operations(struct context *c, const struct op_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		for (size_t k = 0; list->ops[i].definition->kinds[k]; k++)
			fill_argument(c, list->ops[i].definition->kinds[k], &list->ops[i].args[k]);
}

static void fill_all(const struct plan *plan)
{
	static struct context *context;
	if (!context) {
		context = fresh_context();
		new_id(context);
		format_now(context->begun, sizeof context->begun);
		setenv("ODD", "\"odd\" \\ \n\t\x01 \xc3\xa9 \xff\xc3 \xf0\x9f\x98\x80", 1);
	}
	for (uint32_t i = 0; i < plan->count; i++)
		fill_operations(context, &plan->processes[i].ops);
}

/* In memory of just its size, where a sanitizer sees what reads beyond it. */
static void decode(const struct bytes *bytes, bool filled)
{
	const char *reason = NULL;
	uint8_t *exact = malloc(bytes->size ? bytes->size : 1);
	must(exact);
	memcpy(exact, bytes->at, bytes->size);
	const struct plan *plan = decode_plan(exact, bytes->size, &reason);
	must(!plan == !!reason);
	if (plan && filled)
		fill_all(plan);
	valid += plan != NULL;
	refused += !plan;
	if (reason)
		note_reason(reason);
	free_plans();
	free(exact);
}

static void too_large(void)
{
	static uint8_t zeros[4096];
	while (current.size <= PLAN_MAX_BYTES)
		put(&current, zeros, sizeof zeros);
}

void fuzz_plan(struct chance *c)
{
	bool bad = !one_in(c, 8);
	pick_plan(c, &current, false);
	if (bad)
		mutate(c, &current, false);
	if (one_in(c, 50000))
		too_large();
	if (one_in(c, 50))
		calls_left = (int)below(c, 30);
	decode(&current, one_in(c, 8));
	calls_left = -1;
}
