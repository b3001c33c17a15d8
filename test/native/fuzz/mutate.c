/* Damage that knows the format: fields are found by a reader that goes as far as it can, and changed with their counts, or without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native/plan.h"
#include "fuzz.h"

enum type { COUNT, NAME, KIND, NUMBER, CONTENT, PART, TEXT, OPERATION, PROCESS, TYPES };

struct field {
	enum type type;
	size_t start, end;
	size_t counted_at;  /* the count that it is part of, or 0 */
	size_t measured_at; /* the length in bytes that it is part of, or 0 */
};

#define MOST_FIELDS 8192
static struct field fields[MOST_FIELDS];
static size_t field_count;

struct walk {
	const struct bytes *plan;
	size_t at;
	int depth;
};

static void note(enum type type, size_t start, size_t end, size_t counted_at, size_t measured_at)
{
	if (field_count < MOST_FIELDS)
		fields[field_count++] = (struct field){ type, start, end, counted_at, measured_at };
}

static bool skip(struct walk *w, enum type type, size_t size)
{
	if (size > w->plan->size - w->at)
		return false;
	if (type < TYPES)
		note(type, w->at, w->at + size, 0, 0);
	w->at += size;
	return true;
}

static bool walk_count(struct walk *w, uint32_t *count)
{
	if (!skip(w, COUNT, 4))
		return false;
	*count = get_u32(w->plan, w->at - 4);
	return true;
}

static bool walk_sized(struct walk *w, enum type type)
{
	uint32_t size;
	return walk_count(w, &size) && skip(w, type, size);
}

static bool walk_text(struct walk *w, size_t counted_at)
{
	uint32_t size;
	size_t start = w->at;
	if (!walk_count(w, &size) || size > w->plan->size - w->at)
		return false;
	for (size_t end = w->at + size; w->at < end;) {
		size_t part = w->at;
		if (!skip(w, KIND, 1) || !walk_sized(w, CONTENT))
			return false;
		note(PART, part, w->at, 0, start);
	}
	note(TEXT, start, w->at, counted_at, 0);
	return true;
}

static bool walk_operations(struct walk *w);
static bool walk_processes(struct walk *w);

static bool walk_list(struct walk *w, char kind)
{
	uint32_t count;
	size_t counted_at = w->at;
	bool whole = walk_count(w, &count);
	while (whole && count-- > 0)
		whole = kind == 'l' ? walk_text(w, counted_at) : skip(w, NUMBER, 8);
	return whole;
}

static bool walk_argument(struct walk *w)
{
	if (!skip(w, KIND, 1))
		return false;
	char kind = (char)w->plan->at[w->at - 1];
	switch (kind) {
	case 'p':
	case 'd': return walk_sized(w, NAME);
	case 'n': return skip(w, NUMBER, 8);
	case 'b': return walk_text(w, 0);
	case 'x': return walk_sized(w, CONTENT);
	case 'l':
	case 'v': return walk_list(w, kind);
	case 'o': return walk_operations(w);
	case 'q': return walk_processes(w);
	default:  return false;
	}
}

static bool walk_operation(struct walk *w, size_t counted_at)
{
	uint32_t count;
	size_t start = w->at;
	bool whole = walk_sized(w, NAME) && walk_count(w, &count);
	while (whole && count-- > 0)
		whole = walk_argument(w);
	if (whole)
		note(OPERATION, start, w->at, counted_at, 0);
	return whole;
}

static bool walk_operations(struct walk *w)
{
	uint32_t count;
	size_t counted_at = w->at;
	bool whole = w->depth++ < 20 && walk_count(w, &count);
	while (whole && count-- > 0)
		whole = walk_operation(w, counted_at);
	w->depth--;
	return whole;
}

static bool walk_processes(struct walk *w)
{
	uint32_t count;
	size_t counted_at = w->at;
	bool whole = walk_count(w, &count);
	while (whole && count-- > 0) {
		size_t start = w->at;
		whole = walk_sized(w, NAME) && walk_operations(w);
		if (whole)
			note(PROCESS, start, w->at, counted_at, 0);
	}
	return whole;
}

/* All fields of it, up to where it is no plan. */
static void walk(const struct bytes *plan)
{
	struct walk w = { plan, 0, 0 };
	field_count = 0;
	(void)(skip(&w, CONTENT, 8) && skip(&w, COUNT, 4) && skip(&w, COUNT, 4) && walk_processes(&w));
}

/* The corpus: plans in a row, each behind its length. */
#define MOST_PLANS 256
static struct bytes corpus[MOST_PLANS];
static uint32_t corpus_size;

void load_corpus(const char *path)
{
	uint8_t length[4];
	FILE *file = fopen(path, "r");
	while (file && corpus_size < MOST_PLANS && fread(length, 1, 4, file) == 4) {
		struct bytes head = { length, 4, 4 }, *plan = &corpus[corpus_size++];
		plan->size = plan->room = get_u32(&head, 0);
		plan->at = malloc(plan->room + 1);
		if (!plan->at || fread(plan->at, 1, plan->size, file) != plan->size)
			abort();
	}
	if (!file || fclose(file) != 0 || corpus_size == 0) {
		fprintf(stderr, "fuzz: there are no plans in %s\n", path);
		exit(2);
	}
}

void pick_plan(struct chance *c, struct bytes *out, bool executed)
{
	if (!one_in(c, executed ? 8 : 3)) {
		make_plan(c, out, executed);
		return;
	}
	const struct bytes *plan = &corpus[below(c, corpus_size)];
	out->size = 0;
	put(out, plan->at, plan->size);
}

static const struct field *pick_field(struct chance *c, enum type type)
{
	const struct field *found = NULL;
	for (int tries = 0; tries < 30 && !found; tries++) {
		const struct field *field = &fields[below(c, (uint32_t)field_count)];
		found = type == TYPES || field->type == type ? field : NULL;
	}
	return found;
}

/* What counts or measures a field is kept right, mostly. */
static void account(struct chance *c, struct bytes *plan, const struct field *f, int items, int64_t size)
{
	if (one_in(c, 20))
		return;
	if (f->counted_at)
		set_u32(plan, f->counted_at, get_u32(plan, f->counted_at) + (uint32_t)items);
	if (f->measured_at)
		set_u32(plan, f->measured_at, get_u32(plan, f->measured_at) + (uint32_t)size);
}

static void remake(struct chance *c, struct bytes *plan, const struct field *f, bool executed, size_t end)
{
	static struct bytes fresh;
	struct maker m = { .chance = c, .out = &fresh, .executed = executed, .processes = 2, .depth = 1 };
	fresh.size = 0;
	switch (f->type) {
	case COUNT: put_u32(&fresh, (uint32_t)any_number(c)); break;
	case NUMBER: put_i64(&fresh, any_number(c)); break;
	case KIND: put_u8(&fresh, (uint8_t)"pdbnlvxoq"[below(c, 9)]); break;
	case PART: make_part(&m); break;
	case TEXT: make_text(&m); break;
	case OPERATION: make_operation(&m); break;
	case NAME: make_name(&m); break; /* its length is not corrected: see below */
	default: any_bytes(c, &fresh, f->end - f->start);
	}
	size_t start = f->type == NAME && f->start >= 4 && end > f->start ? f->start - 4 : f->start;
	account(c, plan, f, end == f->start, (int64_t)fresh.size - (int64_t)(end - start));
	replace(plan, start, end, fresh.at, fresh.size);
}

static void swap(struct chance *c, struct bytes *plan)
{
	static struct bytes one, other;
	const struct field *a = pick_field(c, OPERATION), *b = pick_field(c, OPERATION);
	if (!a || !b || a->end > b->start)
		return;
	one.size = other.size = 0;
	put(&one, plan->at + a->start, a->end - a->start);
	put(&other, plan->at + b->start, b->end - b->start);
	replace(plan, b->start, b->end, one.at, one.size);
	replace(plan, a->start, a->end, other.at, other.size);
}

/* A field of another place, or another plan, of the same type. */
static void splice(struct chance *c, struct bytes *plan)
{
	static struct bytes piece;
	struct field to = *pick_field(c, TYPES);
	const struct bytes *other = one_in(c, 2) ? plan : &corpus[below(c, corpus_size)];
	walk(other);
	const struct field *from = pick_field(c, to.type);
	if (!from)
		return;
	piece.size = 0;
	put(&piece, other->at + from->start, from->end - from->start);
	account(c, plan, &to, 0, (int64_t)piece.size - (int64_t)(to.end - to.start));
	replace(plan, to.start, to.end, piece.at, piece.size);
}

static void repeat(struct chance *c, struct bytes *plan, const struct field *f)
{
	static struct bytes piece;
	uint32_t times = one_in(c, 200) ? 4096 : 1;
	piece.size = 0;
	for (uint32_t i = 0; i < times && piece.size < 1 << 18; i++)
		put(&piece, plan->at + f->start, f->end - f->start);
	int items = (int)(piece.size / (f->end - f->start ? f->end - f->start : 1));
	account(c, plan, f, items, (int64_t)piece.size);
	replace(plan, f->start, f->start, piece.at, piece.size);
}

static void change(struct chance *c, struct bytes *plan, bool executed)
{
	walk(plan);
	if (field_count == 0)
		return;
	enum type type = (enum type)below(c, TYPES + 1);
	const struct field *f = pick_field(c, type);
	if (!f)
		f = pick_field(c, TYPES);
	switch (below(c, 10)) {
	case 0: plan->at[below(c, (uint32_t)plan->size)] ^= (uint8_t)(1u << below(c, 8)); return;
	case 1: plan->at[f->start < plan->size ? f->start : 0] = (uint8_t)any(c); return;
	case 2: if (f->type == COUNT) set_u32(plan, f->start, get_u32(plan, f->start) + below(c, 9) - 4); return;
	case 3: account(c, plan, f, -1, (int64_t)f->start - (int64_t)f->end); replace(plan, f->start, f->end, NULL, 0); return;
	case 4: repeat(c, plan, f); return;
	case 5: swap(c, plan); return;
	case 6: splice(c, plan); return;
	case 7: if (one_in(c, 5)) plan->size = f->end; return;
	case 8: remake(c, plan, f, executed, f->start); return; /* one more in front of it */
	default: remake(c, plan, f, executed, f->end);
	}
}

void mutate(struct chance *c, struct bytes *plan, bool executed)
{
	for (uint32_t rounds = 1 + below(c, 3); rounds > 0 && plan->size > 0; rounds--)
		change(c, plan, executed);
	if (plan->size >= 16 && !one_in(c, 20))
		set_u32(plan, 12, (uint32_t)(plan->size - 16));
}
