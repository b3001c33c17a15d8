/* The reaper of --init: this program under another name, as pid 1. */
#ifndef TSRUN_INIT_H
#define TSRUN_INIT_H

#define INIT_NAME "tsrun-init"

int init_main(int argc, char **argv);
void search_and_exec(char *const *argv, char *const *env, const char *search);

#endif
