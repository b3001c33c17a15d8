/* What this program is under other names, inside a container: run from a copy of itself that nobody can write to. */
#ifndef TSRUN_INIT_H
#define TSRUN_INIT_H

/* The reaper of --init, pid 1. */
#define INIT_NAME "tsrun-init"
/* Only on the way to the command. */
#define EXEC_NAME "tsrun-exec"

int init_main(int argc, char **argv);
int exec_main(int argc, char **argv);
/* native/attribute.c */
int write_attribute(const char *name, const char *text);
void search_and_exec(char *const *argv, char *const *env, const char *search);

#endif
