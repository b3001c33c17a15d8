/* The processes in a container's mount namespace, which it shares with no other. */
#ifndef TSRUN_MEMBERS_H
#define TSRUN_MEMBERS_H

#include "context.h"

/* SIGKILL to all of them until none is left; nothing when op_members has named no namespace. */
void end_members(struct context *);

#endif
