/* What can be seen of a container's first process from outside. */
#ifndef TSRUN_OBSERVE_H
#define TSRUN_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* It would do nothing with this signal, and the kernel spares pid 1 the default action. */
bool is_unhandled(pid_t pid, int sig);
/* How often its own threads have called write; -1 when that is not shown. */
int64_t writes_of(pid_t pid);

#endif
