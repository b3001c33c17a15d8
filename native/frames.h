/*
 * What goes through the attach socket, both ways, as docker frames its streams: a byte that says what it is, three zeros, the payload's
 * size in four bytes, the greatest first; then the payload.
 */
#ifndef TSRUN_FRAMES_H
#define TSRUN_FRAMES_H

#include <stdint.h>
#include <sys/types.h>

enum frame {
	FRAME_STDIN = 0,       /* to the container */
	FRAME_STDOUT = 1,      /* from it */
	FRAME_STDERR = 2,
	FRAME_EXIT = 3,        /* from it, the last one: its exit status, one byte */
	FRAME_WINDOW = 4,      /* to it: rows and columns, two bytes each */
	FRAME_STDIN_END = 5,   /* to it */
	FRAME_SIGNAL = 6,      /* to it: the number, one byte */
};
#define FRAME_HEADER 8
#define FRAME_PAYLOAD 65536 /* at most */

static inline void put_header(uint8_t *header, enum frame type, uint32_t size)
{
	for (int i = 0; i < FRAME_HEADER; i++)
		header[i] = i == 0 ? (uint8_t)type : i < 4 ? 0 : (uint8_t)(size >> (8 * (7 - i)));
}

static inline uint32_t payload_size(const uint8_t *header)
{
	return (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 | (uint32_t)header[6] << 8 | header[7];
}

#endif
