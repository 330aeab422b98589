// Prints which functions of a program are entered, in the order of their first time. x86_64, static executables.
// Usage: trace FUNCTIONS OUTPUT PROGRAM [ARGUMENT...]; FUNCTIONS has a hexadecimal address a line.
//
// A breakpoint at each function, taken away when it is hit: a run costs as many stops as it enters functions. Children
// are not followed: they share these pages, or a copy, so FUNCTIONS must not name what they run.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGEST = 100000 };
static unsigned long addresses[LARGEST];
static unsigned char originals[LARGEST], entered[LARGEST];
static int count;

static void fail(const char *what) {
    fprintf(stderr, "trace: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int compare(const void *left, const void *right) {
    unsigned long l = *(const unsigned long *)left, r = *(const unsigned long *)right;
    return (l > r) - (l < r);
}

static void read_addresses(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    unsigned long address;
    while (count < LARGEST && fscanf(file, "%lx", &address) == 1) addresses[count++] = address;
    fclose(file);
    qsort(addresses, count, sizeof *addresses, compare);
    int unique = 0;
    for (int i = 0; i < count; i++)
        if (i == 0 || addresses[i] != addresses[i - 1]) addresses[unique++] = addresses[i];
    count = unique;
}

int main(int argc, char **argv) {
    if (argc < 4) { fprintf(stderr, "usage: trace FUNCTIONS OUTPUT PROGRAM [ARGUMENT...]\n"); return 2; }
    read_addresses(argv[1]);
    FILE *output = fopen(argv[2], "w");
    if (!output) fail(argv[2]);

    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execv(argv[3], argv + 3);
        fail(argv[3]);
    }
    int status;
    if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status)) fail("waitpid");
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", child);
    int memory = open(path, O_RDWR | O_CLOEXEC);
    if (memory < 0) fail(path);
    for (int i = 0; i < count; i++)
        if (pread(memory, &originals[i], 1, (off_t)addresses[i]) != 1 || pwrite(memory, "\xcc", 1, (off_t)addresses[i]) != 1)
            fail("a breakpoint");

    int signal = 0;
    while (ptrace(PTRACE_CONT, child, 0, signal) == 0 && waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        signal = WSTOPSIG(status);
        if (signal != SIGTRAP) continue;
        struct user_regs_struct registers;
        if (ptrace(PTRACE_GETREGS, child, 0, &registers) < 0) fail("PTRACE_GETREGS");
        unsigned long address = registers.rip - 1;
        unsigned long *found = bsearch(&address, addresses, count, sizeof *addresses, compare);
        if (!found) continue;
        int i = (int)(found - addresses);
        if (!entered[i]) fprintf(output, "%lx\n", address);
        entered[i] = 1;
        if (pwrite(memory, &originals[i], 1, (off_t)address) != 1) fail("a breakpoint");
        registers.rip = address;
        if (ptrace(PTRACE_SETREGS, child, 0, &registers) < 0) fail("PTRACE_SETREGS");
        signal = 0;
    }
    fclose(output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
