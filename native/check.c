/* `check`: is this a plan that we would execute? Nothing is done; for tests, and for whoever writes plans. */
#include <stdio.h>
#include <stdlib.h>

#include "plan.h"

int check_one(void)
{
	const char *reason = "there is no memory for it";
	uint8_t *bytes = malloc(PLAN_MAX_BYTES + 1);
	size_t size = bytes ? fread(bytes, 1, PLAN_MAX_BYTES + 1, stdin) : 0;
	const struct plan *plan = bytes ? decode_plan(bytes, size, &reason) : NULL;
	if (!plan)
		fprintf(stderr, "not a valid launch plan: %s\n", reason);
	free_plans();
	free(bytes);
	return plan ? 0 : 125;
}

/* Each plan lies in memory of just its size, where a sanitizer sees what reads beyond it. */
static bool check_next(uint32_t size)
{
	const char *reason;
	uint8_t *bytes = malloc(size ? size : 1);
	bool whole = bytes && fread(bytes, 1, size, stdin) == size;
	if (whole)
		puts(decode_plan(bytes, size, &reason) ? "valid" : reason);
	free_plans();
	free(bytes);
	return whole;
}

int check_many(void)
{
	uint8_t b[4];
	size_t n;
	while ((n = fread(b, 1, sizeof b, stdin)) == sizeof b)
		if (!check_next((uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24))
			return 125;
	return n == 0 ? 0 : 125;
}
