/* Chance that can be repeated, and bytes that grow. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

uint64_t any(struct chance *c)
{
	uint64_t mixed = c->state += 0x9E3779B97F4A7C15ULL;
	mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
	mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
	return mixed ^ (mixed >> 31);
}

uint32_t below(struct chance *c, uint32_t end)
{
	return end ? (uint32_t)(any(c) % end) : 0;
}

bool one_in(struct chance *c, uint32_t n)
{
	return below(c, n) == 0;
}

int64_t any_number(struct chance *c)
{
	static const int64_t known[] = { -1, INT64_MIN, INT64_MAX, INT32_MAX, INT32_MIN, UINT32_MAX, 65535, 65536, 0600, 0755, 04000, 010000000, 02000000 };
	switch (below(c, 5)) {
	case 0: return known[below(c, sizeof known / sizeof *known)];
	case 1: return (int64_t)(1ULL << below(c, 64));
	case 2: return (int64_t)any(c);
	default: return below(c, 10);
	}
}

void put(struct bytes *b, const void *from, size_t size)
{
	if (b->size + size > b->room) {
		b->room = 2 * (b->size + size) + 256;
		b->at = realloc(b->at, b->room);
		if (!b->at)
			abort();
	}
	if (size > 0)
		memcpy(b->at + b->size, from, size);
	b->size += size;
}

void put_u8(struct bytes *b, unsigned value)
{
	uint8_t byte = (uint8_t)value;
	put(b, &byte, 1);
}

void put_u32(struct bytes *b, uint32_t value)
{
	put(b, (uint8_t[4]){ 0 }, 4);
	set_u32(b, b->size - 4, value);
}

void put_i64(struct bytes *b, int64_t value)
{
	put_u32(b, (uint32_t)value);
	put_u32(b, (uint32_t)((uint64_t)value >> 32));
}

void put_sized(struct bytes *b, const void *from, size_t size)
{
	put_u32(b, (uint32_t)size);
	put(b, from, size);
}

uint32_t get_u32(const struct bytes *b, size_t at)
{
	const uint8_t *from = b->at + at;
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

void set_u32(struct bytes *b, size_t at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		b->at[at + (size_t)i] = (uint8_t)(value >> (8 * i));
}

void replace(struct bytes *b, size_t start, size_t end, const void *from, size_t size)
{
	size_t behind = b->size - end;
	if (size > end - start) {
		static const uint8_t zeros[256];
		for (size_t more = size - (end - start), step; more > 0; more -= step) {
			step = more < sizeof zeros ? more : sizeof zeros;
			put(b, zeros, step);
		}
	}
	memmove(b->at + start + size, b->at + end, behind);
	if (size > 0)
		memcpy(b->at + start, from, size);
	b->size = start + size + behind;
}
