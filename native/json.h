/* Text of others inside JSON. */
#ifndef TSRUN_JSON_H
#define TSRUN_JSON_H

#include <stddef.h>

/* The length of the character that begins here; 0 when it is none, -1 when it is cut off (RFC 3629). */
int character_size(const char *bytes, size_t left);
/*
 * As the inside of a JSON string, six bytes at most for each. What is no character becomes U+FFFD; controls are escaped, DEL and those
 * of C1 too. Returns how long it is; `to` may be NULL, to measure.
 */
size_t escape_json(char *to, const char *from, size_t size);

#endif
