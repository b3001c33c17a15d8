/* Plans that hold to the grammar: every operation of operations.def, with arguments of its kinds. */
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "../../../native/plan.h"
#include "fuzz.h"

#define OPERATION(name, kinds, function) { name, kinds },
static const struct {
	const char *name, *kinds;
} operations[] = {
#include "../../../native/operations.def"
};
#undef OPERATION
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define PICK(maker, list) (list)[below((maker)->chance, COUNT(list))]

static const char *const PROCESSES[] = { "parent", "child", "keeper", "network", "ports", "p5", "p6", "p7" };
static const char *const NAMES[] = { "stdin", "stdout", "stderr", "null", "root", "a", "b", "a.read", "a.write", "b.near", "b.far", "pty.master", "pty.slave", "lock", "probe", "ready" };
static const char *const SLOTS[] = { "id", "short-id", "now", "cwd", "pid", "start-time", "boot-id", "exit-status", "exit-signal", "own-pid", "own-start-time", "restarts", "begun", "running-since", "health", "failing-streak", "probe-turn", "probe-begun", "probe-ended", "probe-status", "probe-output", "port:a", "new-id:7", "new-id:999", "env:PATH", "env:ODD", "env:UNSET" };
static const char *const PATHS[] = { "/tmp", "/tmp/dir", "/tmp/dir", "/tmp/file", "/tmp/new", "/tmp/dir/below", "dir", "file", "link", "/", "", ".", "..", "/proc/self/fd/3", "/proc/self/ns/user", "/bin/true", "true", "/dev/null", "tmpfs", "proc", "overlay", "size=1m", "/tmp/link/../dir" };

void make_name(struct maker *m)
{
	if (m->executed || !one_in(m->chance, 4)) {
		const char *name = one_in(m->chance, 8) ? PICK(m, PROCESSES) : PICK(m, NAMES);
		put_sized(m->out, name, strlen(name));
		return;
	}
	uint8_t odd[66];
	uint32_t size = below(m->chance, 67);
	for (uint32_t i = 0; i < size; i++)
		odd[i] = (uint8_t)('!' + below(m->chance, one_in(m->chance, 50) ? 96 : 94));
	put_sized(m->out, odd, size);
}

static void make_literal(struct maker *m)
{
	static char path[70 * 1024];
	uint8_t odd[24];
	if (one_in(m->chance, m->executed ? 300 : 1000)) { /* CVE-2021-43784: longer than 16 bits can say */
		memset(path, 'p', sizeof path);
		put_sized(m->out, path, below(m->chance, sizeof path));
		return;
	}
	if (m->executed ? !one_in(m->chance, 30) : one_in(m->chance, 2)) {
		const char *word = PICK(m, PATHS);
		put_sized(m->out, word, strlen(word));
		return;
	}
	uint32_t size = below(m->chance, sizeof odd + 1);
	for (uint32_t i = 0; i < size; i++)
		odd[i] = one_in(m->chance, 6) ? '\n' : (uint8_t)(1 + below(m->chance, 255));
	put_sized(m->out, odd, size);
}

void make_part(struct maker *m)
{
	if (!one_in(m->chance, m->executed ? 12 : 3)) {
		put_u8(m->out, PART_LITERAL);
		make_literal(m);
		return;
	}
	const char *slot = PICK(m, SLOTS);
	put_u8(m->out, one_in(m->chance, 2) ? PART_SLOT : PART_SLOT_JSON);
	put_sized(m->out, slot, strlen(slot));
}

void make_text(struct maker *m)
{
	size_t length_at = m->out->size;
	put_u32(m->out, 0);
	uint32_t parts = m->executed ? 1 + (uint32_t)one_in(m->chance, 12) : below(m->chance, 4);
	for (uint32_t i = 0; i < parts; i++)
		make_part(m);
	set_u32(m->out, length_at, (uint32_t)(m->out->size - length_at - 4));
}

static void make_process_name(struct maker *m, bool later)
{
	uint32_t from = later ? m->process + 1 : 0;
	const char *name = PROCESSES[from + below(m->chance, m->processes - from)];
	if (!later && m->nested && one_in(m->chance, 4))
		name = "caller";
	put_sized(m->out, name, strlen(name));
}

/* Flags that mean something, and a few that do not. Where a number by chance would only end the cell, it is another one. */
static int64_t number_for(struct maker *m, const char *operation)
{
	static const int64_t clones[] = { 0, 0, 0, CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, CLONE_NEWPID, CLONE_NEWNET };
	static const int64_t opens[] = { 0, O_PATH, O_DIRECTORY, O_RDWR, O_RDWR | O_CREAT, O_WRONLY | O_NONBLOCK, O_PATH | O_NOFOLLOW };
	static const int64_t mounts[] = { 0, MS_BIND, MS_PRIVATE | MS_REC, MS_SLAVE | MS_REC, MS_RDONLY | MS_NOSUID, MS_REMOUNT | MS_BIND };
	static const int64_t signals[] = { 0, 1, 2, 9, 10, 15, 18, 28, 63 };
	if (!m->executed || one_in(m->chance, 10))
		return strncmp(operation, "signal", 6) == 0 ? 64 + below(m->chance, 3) : any_number(m->chance);
	if (strcmp(operation, "clone") == 0 || strcmp(operation, "unshare") == 0 || strcmp(operation, "join") == 0)
		return PICK(m, clones);
	if (strncmp(operation, "open", 4) == 0 || strcmp(operation, "lock") == 0)
		return PICK(m, opens);
	if (strncmp(operation, "mount", 5) == 0 || strcmp(operation, "propagation") == 0 || strcmp(operation, "bind-at") == 0)
		return PICK(m, mounts);
	if (strncmp(operation, "signal", 6) == 0)
		return PICK(m, signals);
	return below(m->chance, 8);
}

static void make_raw(struct maker *m)
{
	static const uint8_t allow[8] = { 6, 0, 0, 0, 0, 0, 0xff, 0x7f };
	uint8_t raw[200];
	if (m->executed && !one_in(m->chance, 3)) {
		put_sized(m->out, allow, sizeof allow);
		return;
	}
	uint32_t size = below(m->chance, sizeof raw + 1);
	for (uint32_t i = 0; i < size; i++)
		raw[i] = (uint8_t)any(m->chance);
	put_sized(m->out, raw, size);
}

static void make_operations(struct maker *m, uint32_t count)
{
	put_u32(m->out, count);
	for (uint32_t i = 0; i < count; i++)
		make_operation(m);
}

static void make_processes(struct maker *m);

static void make_inner(struct maker *m, char kind)
{
	struct maker inner = *m;
	inner.depth++;
	inner.nested |= kind == 'q';
	if (kind == 'q')
		make_processes(&inner);
	else
		make_operations(&inner, below(m->chance, 4));
}

static void make_argument(struct maker *m, const char *operation, char kind)
{
	uint32_t count = below(m->chance, 4);
	put_u8(m->out, (uint8_t)kind);
	switch (kind) {
	case 'p': make_process_name(m, strcmp(operation, "clone") == 0); return;
	case 'd': make_name(m); return;
	case 'b': make_text(m); return;
	case 'n': put_i64(m->out, number_for(m, operation)); return;
	case 'x': make_raw(m); return;
	case 'l':
	case 'v':
		count = strcmp(operation, "health") == 0 && !one_in(m->chance, 6) ? 6 : count;
		put_u32(m->out, count);
		for (uint32_t i = 0; i < count; i++)
			if (kind == 'l')
				make_text(m);
			else
				put_i64(m->out, number_for(m, operation));
		return;
	default: make_inner(m, kind);
	}
}

static void make_this(struct maker *m, const char *name, const char *kinds)
{
	put_sized(m->out, name, strlen(name));
	put_u32(m->out, (uint32_t)strlen(kinds));
	if (strcmp(name, "detach") == 0) { /* the name that it gives is new */
		put_u8(m->out, 'p');
		put_sized(m->out, "keeper", 6);
		kinds++;
	}
	for (; *kinds; kinds++)
		make_argument(m, name, *kinds);
}

static bool fits(const struct maker *m, size_t i)
{
	bool deep = strpbrk(operations[i].kinds, "oq");
	return (!deep || m->depth < (m->executed ? 3 : 5)) && (strcmp(operations[i].name, "clone") != 0 || m->process + 1 < m->processes);
}

void make_operation(struct maker *m)
{
	size_t i = below(m->chance, COUNT(operations));
	while (!fits(m, i))
		i = below(m->chance, COUNT(operations));
	make_this(m, operations[i].name, operations[i].kinds);
}

static void make_known(struct maker *m, const char *name)
{
	for (size_t i = 0; i < COUNT(operations); i++)
		if (strcmp(operations[i].name, name) == 0 && fits(m, i))
			make_this(m, name, operations[i].kinds);
}

/* In a cell most operations fail for want of something, and would end their process: there is something, and the end is rarely theirs. */
static uint32_t begin_process(struct maker *m)
{
	static const char *const made[][2] = { { "pipe", "a" }, { "socket-pair", "b" } };
	uint32_t count = 0;
	for (size_t i = 0; i < COUNT(made); i++) {
		if (one_in(m->chance, 4))
			continue;
		put_sized(m->out, made[i][0], strlen(made[i][0]));
		put_u32(m->out, 1);
		put_u8(m->out, 'd');
		put_sized(m->out, made[i][1], strlen(made[i][1]));
		count++;
	}
	for (uint32_t later = m->processes - m->process; --later > 0; count++)
		make_known(m, "clone");
	return count;
}

static void make_attempt(struct maker *m)
{
	put_sized(m->out, "attempt", 7);
	put_u32(m->out, 1);
	put_u8(m->out, 'o');
	m->depth++;
	make_operations(m, 1 + below(m->chance, 2));
	m->depth--;
}

static const char *last_word(struct maker *m)
{
	static const char *const of_others[] = { "exec", "exec", "init", "send", "stage", "attend", "keep" };
	static const char *const of_first[] = { "wait", "wait", "reap", "await", "await-exec", "stage" };
	return m->process > 0 ? PICK(m, of_others) : PICK(m, of_first);
}

static void make_process(struct maker *m)
{
	size_t count_at = m->out->size;
	put_u32(m->out, 0);
	uint32_t count = m->executed ? begin_process(m) : 0, more = below(m->chance, m->executed ? 16 : 10);
	for (uint32_t i = 0; i < more; i++)
		if (m->executed && !one_in(m->chance, 16))
			make_attempt(m);
		else
			make_operation(m);
	if (m->executed) {
		make_known(m, last_word(m));
		count++;
	}
	set_u32(m->out, count_at, count + more);
}

static void make_processes(struct maker *m)
{
	m->processes = 1 + below(m->chance, m->depth > 0 ? 2 : 4);
	put_u32(m->out, m->processes);
	for (m->process = 0; m->process < m->processes; m->process++) {
		put_sized(m->out, PROCESSES[m->process], strlen(PROCESSES[m->process]));
		make_process(m);
	}
}

void make_plan(struct chance *chance, struct bytes *out, bool executed)
{
	struct maker m = { .chance = chance, .out = out, .executed = executed };
	out->size = 0;
	put(out, "TSRUNPLN", 8);
	put_u32(out, 1);
	put_u32(out, 0);
	make_processes(&m);
	set_u32(out, 12, (uint32_t)(out->size - 16));
}
