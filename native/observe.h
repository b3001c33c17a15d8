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

/* With which /proc/PID/NAME begins; -1 when it has none, or the process has gone. */
int number_in(pid_t pid, const char *name);
/* What /proc/self/fdinfo says of a descriptor of ours behind `mnt_id:` or another name; -1 when it does not. */
long descriptor_fact(int fd, const char *name);

#endif
