/*
 * Fuzzing of the helper's readers of foreign bytes, linked with the helper's own sources. A case is a function of its target, the seed
 * and its number: what is printed of a finding makes it again.
 */
#ifndef TSRUN_FUZZ_H
#define TSRUN_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* bytes.c: chance (splitmix64), and what grows */
struct chance {
	uint64_t state;
};
uint64_t any(struct chance *);
uint32_t below(struct chance *, uint32_t end); /* 0 ≤ … < end */
bool one_in(struct chance *, uint32_t n);
int64_t any_number(struct chance *);           /* the small, the round and the largest more often than the rest */

struct bytes {
	uint8_t *at;
	size_t size, room;
};
void put(struct bytes *, const void *from, size_t size);
void put_u8(struct bytes *, unsigned value);
void put_u32(struct bytes *, uint32_t value);
void put_i64(struct bytes *, int64_t value);
void put_sized(struct bytes *, const void *from, size_t size);
uint32_t get_u32(const struct bytes *, size_t at);
void set_u32(struct bytes *, size_t at, uint32_t value);
/* Puts `size` bytes in the place of those from `start` to `end`. `from` must not be of the same bytes. */
void replace(struct bytes *, size_t start, size_t end, const void *from, size_t size);

/* grammar.c: plans that hold to the grammar, made from operations.def */
struct maker {
	struct chance *chance;
	struct bytes *out;
	bool executed;    /* in a cell: names, paths and numbers that lead somewhere */
	int depth;
	uint32_t process, processes; /* of the plan that is being made */
	bool nested;
};
void make_plan(struct chance *, struct bytes *out, bool executed);
void make_operation(struct maker *);
void make_text(struct maker *);
void make_part(struct maker *);
void make_name(struct maker *);

/* mutate.c: damage with an eye for where fields lie */
void load_corpus(const char *path);
/* One of the corpus, or a new one. */
void pick_plan(struct chance *, struct bytes *out, bool executed);
void mutate(struct chance *, struct bytes *plan, bool executed);

/* The case that is under way, for whoever has to tell of it. */
extern struct bytes current;
extern const char *current_target;
extern uint64_t current_seed, current_case;
/* Prints it and what was wrong with it, and ends. */
_Noreturn void finding(const char *what);
void print_case(void);
const char *temporary(void); /* where files may lie */
#define must(condition) ((condition) ? (void)0 : finding("not true: " #condition))

/* The targets: one case each. */
typedef void (*target_function)(struct chance *);
void fuzz_plan(struct chance *);      /* decode.c */
void print_decoded(void);
void fuzz_record(struct chance *);    /* records.c */
void fuzz_json(struct chance *);
void fuzz_log(struct chance *);
void fuzz_channel(struct chance *);   /* channels.c */
void fuzz_serve(struct chance *);     /* frames.c */
void fuzz_attach(struct chance *);
struct context *fresh_context(void);  /* records.c */
void any_bytes(struct chance *, struct bytes *, size_t most);

/* execute.c: plans, done in a namespace that is thrown away */
int execute_plans(uint64_t seed, uint64_t first, uint32_t count, const char *corpus);
int worker_main(char **argv);
/* room.c: what is around them */
pid_t enter_room(const char *corpus, char **argv);
void bound_resources(void);
/* cell.c: one plan */
enum verdict { ENDED, WAITED, SPUN };
struct cell {
	volatile int deaths, zombies, signal, helper_ended; /* told by those inside */
	enum verdict verdict;
};
void run_cell(struct cell *, const struct bytes *plan, int output);

int helper_main(int argc, char **argv);

#endif
