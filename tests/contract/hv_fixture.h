/* What the suites of hypervisor drivers share: an opened driver in a folder of its own, its
 * events, and guests' serial lines. Every wait has a deadline. */
#pragma once

#include "hv/hv.h"

#define MIB      ((uint64_t)1024 * 1024)
#define DEADLINE (120 * USEC_PER_SEC)

typedef struct Exit {
    Uuid domain;
    uint64_t ticket;
    HvExitReason reason;
} Exit;

typedef struct Bench {
    const HvDriver *driver;
    const char *guest_sector; /* path of the boot sector guest */
    char *root, *run_dir, *log_dir;
    Hv *hv;
    Op *op;
    unsigned disks;

    GMutex lock;
    GCond changed;
    GArray *exits; /* Exit */
    unsigned guest_changes, ejections;
} Bench;

typedef struct BenchTest {
    const char *name;
    unsigned needs; /* HvCaps */
    void (*run)(Bench *bench);
} BenchTest;

void assert_ok(bool done, Err *err);

/* Opens the driver in `root`, or in a new folder when that is NULL. */
void bench_setup(Bench *bench, const char *driver, const char *guest_sector, const char *root);
void bench_teardown(Bench *bench);
void bench_open(Bench *bench);
void bench_close(Bench *bench);

/* Runs the tests of DRIVER with GUEST, argv[1] and argv[2]; what the driver cannot is skipped,
 * with the reason. */
int bench_run(int argc, char **argv, const BenchTest *tests, unsigned count);

/* The path of a raw disk of 1 MiB that starts the boot sector guest. (owned) */
char *bench_new_disk(Bench *bench);

HvExitReason bench_wait_exit(Bench *bench, Uuid domain, uint64_t ticket);
unsigned bench_count_exits(Bench *bench, Uuid domain);

void line_send(int line, const char *text);
/* Reads until `text` has come; what came is returned. (owned) */
char *line_expect(Bench *bench, int line, const char *text);
