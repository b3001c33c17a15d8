/* What a container prints, as its log keeps it. */
#ifndef TSRUN_LOG_H
#define TSRUN_LOG_H

#include <stddef.h>

struct log;

/* Streams: 0 stdout, 1 stderr. A disk that is full loses lines, never part of one, and stops nothing. */
void log_output(struct log *, int stream, const char *bytes, size_t size);
/* At the end of a stream: what has no newline behind it. */
void log_end(struct log *, int stream);
/* In a fresh child, which has no business with it. */
void log_leave(struct log *);

#endif
