/* How the driver uses Node: to compile, and to explain. */
#ifndef TSRUN_DRIVE_H
#define TSRUN_DRIVE_H

#include "context.h"

/* Runs `node script args…`; its plan, if it wrote one, is in *plan. Returns Node's exit status: not 0 means that it has said why. */
int compile(struct context *, char *script, char **args, uint8_t **plan, size_t *size);
/* Runs `node script explain args…` with the record on its standard input. Returns the exit status to end with. */
int explain(struct context *, char *script, char **args);

#endif
