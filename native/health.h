/* Whether what a container does is well: a command that is run in it now and then. */
#ifndef TSRUN_HEALTH_H
#define TSRUN_HEALTH_H

#include <poll.h>

#include "plan.h"

#define HEALTH_POLLS 2

struct health;

/* Fills HEALTH_POLLS entries; with those of nobody when there is no check. */
void health_polls(const struct health *, struct pollfd *polls);
/* In milliseconds until something is due. */
int health_patience(const struct health *);
/* Takes what they tell, and does what is due. */
void health_events(struct context *, const struct pollfd *polls);
/* Of a container that has ended. */
void health_end(struct context *);
/* In a fresh child, which has no business with it. */
void health_leave(struct health *);

/* The slots. NULL with ENODATA when there is no check. */
const char *health_word(const struct health *);
int64_t health_streak(const struct health *);
const char *probe_value(const struct health *, struct span name, char *scratch, size_t size);

#endif
