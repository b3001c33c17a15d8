/*
 * Plans of real operations in nonsensical orders, done one after the other in cells of a room. A finding is a sanitizer's report, a
 * helper that dies of a fault, works without end or leaves a zombie, and whatever a plan leaves in the room or outside of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

static void read_file(const char *path, struct bytes *text)
{
	char buffer[16384];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	text->size = 0;
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		put(text, buffer, (size_t)n);
	put_u8(text, 0);
	close(fd);
}

static bool equal(const struct bytes *a, const struct bytes *b)
{
	return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

static int count_entries(const char *path, bool numbers)
{
	int count = 0;
	DIR *all = opendir(path);
	must(all);
	for (struct dirent *entry; (entry = readdir(all));)
		count += entry->d_name[0] != '.' && (!numbers || atoi(entry->d_name) > 0);
	closedir(all);
	return count;
}

static void check_output(int output)
{
	static const char *const reports[] = { "Sanitizer", "runtime error: " };
	static struct bytes text;
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", output);
	read_file(path, &text);
	for (size_t i = 0; i < 2; i++)
		if (memmem(text.at, text.size, reports[i], strlen(reports[i])))
			finding((const char *)text.at);
	must(ftruncate(output, 0) == 0 && lseek(output, 0, SEEK_SET) == 0);
}

static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL || sig == SIGABRT || sig == SIGTRAP || sig == SIGXCPU;
}

/* Those that are to outlive the helper may end before it, and are not its to reap. */
static bool starts_others(void)
{
	return memmem(current.at, current.size, "detach", 6) || memmem(current.at, current.size, "continue", 8);
}

static void check_cell(const struct cell *cell, int output, const struct bytes *mounts)
{
	static struct bytes now;
	check_output(output);
	if (cell->deaths > 0)
		finding("a sanitizer ended a process of it");
	if (is_fault(cell->signal))
		finding("the helper died of a fault");
	if (cell->verdict == SPUN)
		finding("it works for more than ten seconds");
	if (cell->zombies > 0 && !starts_others())
		finding("it leaves a zombie");
	if (count_entries("/proc", true) != 1)
		finding("it leaves a process");
	read_file("/proc/self/mountinfo", &now);
	if (!equal(&now, mounts))
		finding("it leaves a mount");
	if (count_entries("/tmp", false) != 0)
		finding("it leaves a file");
}

/* The first process of the room: started from the copy inside. Arguments: seed, first, count, corpus. */
int worker_main(char **argv)
{
	uint64_t first = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10), verdicts[3] = { 0 };
	struct cell *cell = mmap(NULL, sizeof *cell, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int output = (int)syscall(SYS_memfd_create, "output", MFD_CLOEXEC);
	struct bytes mounts = { NULL, 0, 0 };
	must(cell != MAP_FAILED && output >= 0);
	current_target = "executed";
	current_seed = strtoull(argv[0], NULL, 10);
	load_corpus(argv[3]);
	read_file("/proc/self/mountinfo", &mounts);
	for (current_case = first; current_case < first + count; current_case++) {
		struct chance chance = { current_seed ^ current_case << 32 };
		pick_plan(&chance, &current, true);
		if (one_in(&chance, 6))
			mutate(&chance, &current, true);
		memset(cell, 0, sizeof *cell);
		run_cell(cell, &current, output);
		check_cell(cell, output, &mounts);
		verdicts[cell->verdict]++;
	}
	printf("executed: %llu cases from %llu on, seed %llu: %llu ended, %llu waited\n", (unsigned long long)count, (unsigned long long)first,
		(unsigned long long)current_seed, (unsigned long long)verdicts[ENDED], (unsigned long long)verdicts[WAITED]);
	fflush(stdout);
	_exit(0);
}

/* What is outside, in two words: the mounts of the host, and a file that nobody may touch. */
struct outside {
	struct bytes mounts, text;
	struct stat file, directory;
};

static struct outside look(const char *directory, const char *file)
{
	struct outside seen = { .mounts = { NULL, 0, 0 }, .text = { NULL, 0, 0 } };
	must(lstat(directory, &seen.directory) == 0 && lstat(file, &seen.file) == 0);
	read_file(file, &seen.text);
	read_file("/proc/self/mountinfo", &seen.mounts);
	return seen;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_nlink == b->st_nlink &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
		a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

int execute_plans(uint64_t seed, uint64_t first, uint32_t count, const char *corpus)
{
	char words[3][24], directory[512], file[600];
	char *argv[] = { "fuzz", "worker", words[0], words[1], words[2], "/corpus", NULL };
	int status;
	snprintf(words[0], sizeof words[0], "%llu", (unsigned long long)seed);
	snprintf(words[1], sizeof words[1], "%llu", (unsigned long long)first);
	snprintf(words[2], sizeof words[2], "%u", count);
	snprintf(directory, sizeof directory, "%s/tsrun-fuzz-XXXXXX", temporary());
	must(mkdtemp(directory));
	snprintf(file, sizeof file, "%s/canary", directory);
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	must(fd >= 0 && write(fd, "sings\n", 6) == 6 && close(fd) == 0);
	struct outside before = look(directory, file);
	pid_t room = enter_room(corpus, argv);
	must(waitpid(room, &status, 0) == room);
	struct outside after = look(directory, file);
	must(equal(&before.mounts, &after.mounts) && equal(&before.text, &after.text));
	must(same_file(&before.file, &after.file) && same_file(&before.directory, &after.directory));
	must(unlink(file) == 0 && rmdir(directory) == 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
