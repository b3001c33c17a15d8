/* Text of others inside JSON: what a container prints, and what is filled into the files about it. */
#include "json.h"

#include <stdio.h>
#include <string.h>

int character_size(const char *bytes, size_t left)
{
	const unsigned char *b = (const unsigned char *)bytes;
	int size = b[0] < 0x80 ? 1 : b[0] >= 0xc2 && b[0] < 0xe0 ? 2 : b[0] >= 0xe0 && b[0] < 0xf0 ? 3 : b[0] >= 0xf0 && b[0] < 0xf5 ? 4 : 0;
	for (int i = 1; i < size; i++) {
		if ((size_t)i >= left)
			return -1;
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		if (i == 1 && ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) || (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f)))
			return 0;
	}
	return size;
}

/* One character, or one byte that is none. Returns how long it is in JSON, and in *taken how long it was. */
static size_t escape_one(char *to, const char *from, size_t left, size_t *taken)
{
	int length = character_size(from, left);
	unsigned char b = (unsigned char)*from;
	*taken = length > 0 ? (size_t)length : 1;
	if (length <= 0)
		return (size_t)sprintf(to, "\\ufffd");
	if (b == '"' || b == '\\')
		return (size_t)sprintf(to, "\\%c", b);
	if (b == '\n')
		return (size_t)sprintf(to, "\\n");
	if (b < 0x20 || b == 0x7f)
		return (size_t)sprintf(to, "\\u%04x", b);
	if (b == 0xc2 && (unsigned char)from[1] < 0xa0)
		return (size_t)sprintf(to, "\\u%04x", (unsigned char)from[1]);
	memcpy(to, from, *taken);
	return *taken;
}

size_t escape_json(char *to, const char *from, size_t size)
{
	size_t n = 0, taken = 0;
	for (size_t i = 0; i < size; i += taken) {
		char one[16];
		size_t length = escape_one(one, from + i, size - i, &taken);
		if (to)
			memcpy(to + n, one, length);
		n += length;
	}
	return n;
}
