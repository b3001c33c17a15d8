/*
 * What one process of a running plan knows: its descriptors by name, its channels to the others, its slots. A clone copies all of
 * it. Operations return 0, or -1 with errno set and, where there is one, the path in context->failed_path.
 */
#ifndef TSRUN_CONTEXT_H
#define TSRUN_CONTEXT_H

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>

#include "plan.h"

#define MAX_DESCRIPTORS 1024
#define MAX_RELAYS 8
#define MAX_ON_EXIT 64
#define ID_LENGTH 64

struct descriptor {
	const char *name;
	int fd;
};

/* A process that this one cloned (or, in the child, the parent): the seqpacket socket between them. */
struct peer {
	const char *name;
	pid_t pid;
	int pidfd;
	int channel;     /* -1 once closed */
	bool ended;
	bool detached;   /* outlives us: not ended with the rest */
	int status;      /* exit status as a shell shows it, once ended */
	int signal;      /* that ended it, or 0 */
};

#define FORWARD_KILL 1    /* what pid 1 would do nothing with ends it */
#define FORWARD_LAST 2    /* the second TERM ends it in any case */
#define FORWARD_ASKED 4   /* only what tsrun itself asks for is handed on; what ends a program ends the run */

#define SIGNAL_ASKED 0x7473726e /* the value of a signal that stop or kill send to the runner for its container */

struct failure {
	char process[65], stage[65], operation[65], path[1024];
	int error;
};

struct context {
	const struct plan *plan;
	const char *process;
	const char *stage;
	struct descriptor descriptors[MAX_DESCRIPTORS];
	size_t descriptor_count;
	struct peer peers[PLAN_MAX_PROCESSES];
	size_t peer_count;
	struct { const struct op_list *ops; int64_t when; } on_exit[MAX_ON_EXIT];
	size_t on_exit_count;
	struct relay *relays[MAX_RELAYS];
	size_t relay_count;
	struct log *log;                /* what recorded relays carry is kept there, or NULL */
	struct server *server;          /* who else sees what they carry, or NULL */
	struct health *health;          /* the command that tells how the container is, or NULL */
	int watched;                    /* a passed-on output whose reader may go away, or -1 */
	int terminal;                   /* the caller's, in raw mode, or -1 */
	int window, pty;                /* the caller's terminal whose size the container's pty has, and that, or -1 */
	struct termios saved_terminal;
	const char *tied_to;            /* the process whose loss ends the run, unless it says "detached", or NULL */
	bool lost;                      /* it is */
	const char *members;            /* the mount namespace whose processes end with the run, or NULL */
	int members_root;               /* the mount that is their root, once the container has one, or -1 */
	uint64_t mark;                  /* the limit by which they are known instead, or 0 */
	const char *answered;           /* the descriptor where calls come that a filter leaves to us, or NULL */
	char **answered_in;             /* and below what they may change files */
	struct winsize window_size;     /* that the container's pty had last: for one that begins without a terminal of ours */
	const char *signals_to;         /* the process that gets the forwarded signals */
	int signal_manner;              /* FORWARD_… */
	sigset_t original_mask;
	sigset_t ignored;               /* of those that end a program: what our caller ignores, and we with it */
	int signal_fd;
	int64_t time_limit;             /* in seconds, of the run stage, or 0 */
	int time_limit_status;          /* what it reports then */
	char *time_limit_words;         /* and says */
	bool late;                      /* the last one was ended for that */
	int inherited_end;              /* the first number from 3 on that our caller did not have open */
	bool entered;                   /* the working directory of the container's process */
	bool interruptible;             /* signals to us end what we wait for: we are the process that was called */
	int interrupted;                /* the signal that did, or 0 */
	int report_fd;                  /* where a library reads what happens, or -1 */
	int self_fd;                    /* this program, opened before anything else */
	bool self_is_roots;             /* its file is root's alone to write, and we are not root */
	int sealed_fd;                  /* the copy of it that exec runs first, or -1 */
	char *attribute, *attribute_text; /* what a security module is told before the container's program begins, or NULL */
	char id[ID_LENGTH + 1];
	pid_t container_pid;            /* of the process named "child", with its start: slots pid and start-time */
	char started_at[32];
	char running_since[40];         /* the same moment for people: slot running-since */
	char begun[40];                 /* when we were started: slot begun */
	char cwd[4096];
	int exit_status;
	int exit_signal;                /* that ended the container, or 0 */
	int restarts;
	struct failure failure;
	char failed_path[1024];
};

/* descriptors */
int name_descriptor(struct context *, const char *name, int fd);
int name_end(struct context *, const char *name, const char *end, int fd); /* of what has two: name.end */
int descriptor(struct context *, const char *name);           /* -1 with EBADF when there is none */
void forget_descriptor(struct context *, const char *name);
int vacate(struct context *, int fd);                          /* moves ours away from a number that the program behind exec gets */
int hold_only(struct context *, const int *fds, size_t count); /* lets go of all else */
int rid_of_streams(struct context *);                           /* the standard ones become the null device, our own go */
int raise_descriptors(struct rlimit *old);                     /* to the hard limit */
int write_all(int fd, const char *bytes, size_t size);

/* processes */
struct peer *find_peer(struct context *, const char *name);
int run_operations(struct context *, const struct op_list *);
int run_process(struct context *, const char *name);
void run_on_exit(struct context *, size_t from, bool failed);   /* those that were registered after the first `from` */
void end_peers(struct context *);
int status_of(int wait_status);
void reap(struct peer *);
int start_plan(struct context *, const char *name, const struct plan *); /* its first process; it knows us as "caller" */
void unblock_signals(struct context *);
void reset_signals(void);                                      /* as a container's first process expects them */

/* channels */
ssize_t receive(struct context *, struct peer *, char *buffer, size_t size, int *fd); /* 0 at its end; a failure told there becomes ours */
int await_tag(struct context *, const char *from, const char *tag);
void tell_failure(struct context *);

/* texts */
char *fill_text(struct context *, struct span text);           /* allocated; NULL with ENODATA when env:NAME is unset */
char **fill_list(struct context *, const struct arg *list);    /* NULL-terminated; elements whose env:NAME is unset are left out */
void free_list(char ***texts);
#define freeing_list __attribute__((cleanup(free_list)))
void new_id(struct context *);
void format_now(char *text, size_t size);                      /* RFC 3339, UTC, nanoseconds */
int64_t milliseconds(void);                                     /* since the machine began */
void read_start_time(pid_t pid, char *text, size_t size);      /* field 22 of /proc/pid/stat: with the pid it names a process for good */
void note_path(struct context *, const char *path);            /* for the record, should the operation fail */

/* failures */
void record_failure(struct context *, const char *operation, int error);
size_t write_record(const struct failure *, char *buffer, size_t size);
int read_record(struct failure *, const char *buffer, size_t size);
void print_record(const struct failure *);
void report(struct context *, const char *bytes, size_t size);

/* the run stage */
int run_until_exit(struct context *, struct peer *);
int take_terminal(struct context *, int fd);                   /* raw, until restore_terminal */
void restore_terminal(struct context *);
int copy_of(struct context *, const char *name);               /* of a descriptor */
bool tie_broken(struct context *);                             /* whoever we are tied to has something to say, or is lost */
int tie_of(struct context *);                                  /* what they say comes there; -1 when we are tied to nobody, or to one of an earlier run */
int output_of(struct context *, const char *name);             /* a copy to write to; of a terminal one that never blocks */

/* published ports */
int port_of(int fd);                                           /* of a bound socket */

/* the kernel's own /proc */
int open_in_procfs(const char *path, int flags);

/* paths inside the root */
int open_in_root(int root, const char *path, int flags);
int make_in_root(int root, const char *path, bool directory);
int make_directory_in_root(int root, const char *path);

/* trees */
int copy_tree(struct context *, int from, int to);             /* closes `from` */
int empty_tree(int directory);

/* mounts: a clone of one, attached nowhere, of what is at the path, or at the descriptor for "" */
int clone_mount(int fd, const char *path, bool recursive);
/* sets attributes of an attached one, also where the kernel has no mount_setattr */
int restrict_mount(int mount, uint64_t set, bool recursive);

#endif
