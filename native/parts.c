/* What a text is made of: literal bytes, and slots that are filled when it is used. Foreign bytes, like the plan that it is a part of. */
#include <string.h>

#include "plan.h"

static bool are_digits(const uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
	return true;
}

/* text.c fills them. */
static bool slot_is_known(struct span name)
{
	static const char *const known[] = { "id", "short-id", "now", "cwd", "pid", "start-time", "boot-id", "exit-status", "exit-signal", "end-reason", "own-pid", "own-start-time", "restarts", "begun", "running-since", "health", "failing-streak", "probe-turn", "probe-begun", "probe-ended", "probe-status", "probe-output" };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (name.size == strlen(known[i]) && memcmp(name.bytes, known[i], name.size) == 0)
			return true;
	if (name.size > 5 && name.size <= 5 + 64 && memcmp(name.bytes, "port:", 5) == 0)
		return true;
	if (name.size > 7 && name.size <= 10 && memcmp(name.bytes, "new-id:", 7) == 0)
		return are_digits(name.bytes + 7, name.size - 7);
	return name.size > 4 && memcmp(name.bytes, "env:", 4) == 0 && !memchr(name.bytes, '=', name.size);
}

/* A kind in one byte, a length, so many bytes. */
bool next_part(struct span *text, struct part *part)
{
	enum { HEAD = 5 };
	uint32_t size = text->size < HEAD ? 0 : u32_at(text->bytes + 1);
	if (text->size < HEAD || size > text->size - HEAD)
		return false;
	part->kind = text->bytes[0];
	part->span = (struct span){ text->bytes + HEAD, size };
	text->bytes += HEAD + size;
	text->size -= HEAD + size;
	return true;
}

/* A run of parts that fills its span exactly; NUL would cut what the kernel sees. */
const char *text_fault(struct span text)
{
	struct part part;
	while (next_part(&text, &part)) {
		if (part.kind > PART_SLOT_JSON)
			return "a text has a part of an unknown kind";
		if (part.span.size > 0 && memchr(part.span.bytes, 0, part.span.size))
			return "a text holds a NUL";
		if (part.kind != PART_LITERAL && !slot_is_known(part.span))
			return "an unknown slot";
	}
	return text.size > 0 ? "a text's parts do not fill it" : NULL;
}
