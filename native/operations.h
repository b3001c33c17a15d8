/* The functions behind operations.def, declared from it. */
#ifndef TSRUN_OPERATIONS_H
#define TSRUN_OPERATIONS_H

#include "plan.h"

#define OPERATION(name, kinds, function) int function(struct context *, const struct op *);
#include "operations.def"
#undef OPERATION

#endif
