/* The processes that a plan names are in it: found out before anything is done. */
#include <string.h>

#include "plan.h"

const struct process *find_process(const struct plan *plan, const char *name)
{
	for (uint32_t i = 0; i < plan->count && plan->processes[i].name; i++) /* those that are decoded so far */
		if (strcmp(plan->processes[i].name, name) == 0)
			return &plan->processes[i];
	return NULL;
}

/* Where an operation stands: who may be named there. */
struct scope {
	const struct plan *plan;
	const struct process *process;
	bool nested; /* in a plan that was detached: it knows "caller" */
};

static bool detaches(const struct op_list *list, const char *name)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct op *op = &list->ops[i];
		if (strcmp(op->definition->name, "detach") == 0 && strcmp(op->args[0].name, name) == 0)
			return true;
		for (size_t k = 0; op->definition->kinds[k]; k++)
			if (op->definition->kinds[k] == 'o' && detaches(&op->args[k].ops, name))
				return true;
	}
	return false;
}

static bool may_be_named(const struct scope *scope, const char *name)
{
	return find_process(scope->plan, name) || detaches(&scope->process->ops, name) || (scope->nested && strcmp(name, "caller") == 0);
}

/* What an operation starts stands further down: no plan starts processes without end. */
static bool may_be_started(const struct scope *scope, const char *name)
{
	const struct process *process = find_process(scope->plan, name);
	return process && process > scope->process;
}

static bool refuse(const char **reason, const char *because)
{
	*reason = because;
	return false;
}

static bool check_plan(const struct plan *plan, bool nested, const char **reason);

static bool check_operations(const struct scope *scope, const struct op_list *list, const char **reason)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct op *op = &list->ops[i];
		if (strcmp(op->definition->name, "clone") == 0 && !may_be_started(scope, op->args[0].name))
			return refuse(reason, "an operation starts a process that does not follow its own");
		for (size_t k = 0; op->definition->kinds[k]; k++) {
			const struct arg *arg = &op->args[k];
			if (op->definition->kinds[k] == 'p' && !may_be_named(scope, arg->name))
				return refuse(reason, "an operation names a process that the plan does not have");
			if (op->definition->kinds[k] == 'o' && !check_operations(scope, &arg->ops, reason))
				return false;
			if (op->definition->kinds[k] == 'q' && !check_plan(arg->plan, true, reason))
				return false;
		}
	}
	return true;
}

static bool check_plan(const struct plan *plan, bool nested, const char **reason)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		struct scope scope = { plan, &plan->processes[i], nested };
		if (!check_operations(&scope, &plan->processes[i].ops, reason))
			return false;
	}
	return true;
}

bool check_names(const struct plan *plan, const char **reason)
{
	return check_plan(plan, false, reason);
}
