/* Calls that a filter leaves to us. */
#ifndef TSRUN_ANSWER_H
#define TSRUN_ANSWER_H

#include "context.h"

int answer_poll(struct context *); /* the descriptor to watch for input, or -1 */
void answer_event(struct context *, int events);

#endif
