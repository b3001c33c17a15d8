/*
 * fuzz TARGET SEED COUNT CORPUS [FIRST]
 *
 * TARGET: plans (decoded and validated), executed (done, in a namespace that is thrown away), record, json, log, channel, serve, attach.
 * COUNT cases from number FIRST on. What is found is printed with its seed, its number and its bytes; exit status 1.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../native/context.h"
#include "../../../native/init.h"
#include "fuzz.h"

/* Those of the sanitizers, which a build for coverage does not have. */
void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

#define PATIENCE 60 /* seconds for a case */

struct bytes current;
const char *current_target;
uint64_t current_seed, current_case;

const char *__asan_default_options(void)
{
	return "handle_abort=1:handle_sigill=1:detect_stack_use_after_return=1:allocator_may_return_null=1";
}

/* gcc's two run-time libraries do not know each other: by way of a signal the one tells what the other has found. */
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1";
}

void print_case(void)
{
	fprintf(stdout, "finding: target %s, seed %llu, case %llu, %zu bytes: ", current_target, (unsigned long long)current_seed, (unsigned long long)current_case, current.size);
	for (size_t i = 0; i < current.size; i++)
		fprintf(stdout, "%02x", current.at[i]);
	fprintf(stdout, "\n");
	fflush(stdout);
}

const char *temporary(void)
{
	const char *folder = getenv("TMPDIR");
	return folder && *folder ? folder : "/tmp";
}

_Noreturn void finding(const char *what)
{
	print_case();
	printf("%s\n", what);
	fflush(stdout);
	_exit(1);
}

static void on_alarm(int sig)
{
	(void)sig;
	finding("it takes longer than a minute");
}

static const struct target {
	const char *name;
	target_function run;
} targets[] = {
	{ "plans", fuzz_plan },
	{ "record", fuzz_record },
	{ "json", fuzz_json },
	{ "log", fuzz_log },
	{ "channel", fuzz_channel },
	{ "serve", fuzz_serve },
	{ "attach", fuzz_attach },
};

static void run_cases(const struct target *target, uint64_t first, uint64_t count)
{
	signal(SIGALRM, on_alarm);
	signal(SIGPIPE, SIG_IGN);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(print_case);
	for (current_case = first; current_case < first + count; current_case++) {
		struct chance chance = { current_seed ^ current_case << 32 };
		if (current_case % 64 == 0)
			alarm(PATIENCE);
		target->run(&chance);
	}
	alarm(0);
}

static int fuzz(const char *name, uint64_t first, uint64_t count)
{
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		if (strcmp(targets[i].name, name) != 0)
			continue;
		run_cases(&targets[i], first, count);
		printf("%s: %llu cases from %llu on, seed %llu", name, (unsigned long long)count, (unsigned long long)first, (unsigned long long)current_seed);
		if (targets[i].run == fuzz_plan)
			print_decoded();
		printf("\n");
		return 0;
	}
	fprintf(stderr, "fuzz: no target %s\n", name);
	return 2;
}

/* main.c of the helper has its main under another name here. */
#undef main
int main(int argc, char **argv)
{
	const char *name = argc > 0 && strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argc > 0 ? argv[0] : "";
	if (strcmp(name, INIT_NAME) == 0 || strcmp(name, EXEC_NAME) == 0)
		_exit(helper_main(argc, argv));
	if (strcmp(name, "true") == 0)
		_exit(0);
	if (argc == 6 && strcmp(argv[1], "worker") == 0)
		return worker_main(argv + 2);
	if (argc < 5 || argc > 6) {
		fprintf(stderr, "fuzz TARGET SEED COUNT CORPUS [FIRST]\n");
		return 2;
	}
	uint64_t count = strtoull(argv[3], NULL, 10), first = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
	current_target = argv[1];
	current_seed = strtoull(argv[2], NULL, 10);
	if (strcmp(argv[1], "executed") == 0)
		_exit(execute_plans(current_seed, first, (uint32_t)count, argv[4]));
	load_corpus(argv[4]);
	return fuzz(argv[1], first, count);
}
