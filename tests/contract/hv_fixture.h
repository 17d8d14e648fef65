/* What the suites of hypervisor drivers share: an opened driver in a folder of its own, its
 * events, and guests' serial lines. Every wait has a deadline. */
#pragma once

#include "../assert_ok.h"
#include "hv/hv.h"

#define MIB ((uint64_t)1024 * 1024)

typedef struct Exit {
    Uuid domain;
    uint64_t ticket;
    HvExitReason reason;
} Exit;

typedef struct Bench Bench;

/* An engine, the guests it is asked about, and where it differs by nature. What it can do is told
 * by the driver's capabilities. */
typedef struct BenchKind {
    const char *name; /* as the programs' first argument */
    const char *engine;
    bool is_real; /* domains have disks with data, and outlive the driver in work */
    HvKind machine;
    unsigned lacks;    /* HvCaps of the engine that do not go with the suite's guest here */
    bool boots_kernel; /* GUEST is a folder with vmlinux and letters.gz, not a boot sector */
    uint64_t memory;   /* of a guest, in bytes */
    Usec deadline;     /* of a whole test */
    unsigned kills;    /* rounds of killed_anywhere ... */
    int kill_within;   /* ... and the time until the kill, in milliseconds */
    /* Without the driver: ends a domain as a power cut would; connects to its text console; waits
     * until it has come to an end of its own. */
    void (*kill)(Bench *bench, const HvDomainInfo *info);
    int (*open_line)(Bench *bench, const char *domain);
    void (*wait_end)(Bench *bench, const char *domain);
} BenchKind;

struct Bench {
    const BenchKind *kind;
    const HvDriver *driver;
    bool is_real;
    const char *guest; /* path of the suite's guest: a boot sector, or a folder with a Linux */
    char *kernel, *ramdisk;
    char *root, *run_dir, *log_dir;
    Hv *hv;
    Op *op;
    unsigned disks;

    GMutex lock;
    GCond changed;
    GArray *exits; /* Exit */
    unsigned guest_changes, ejections;
};

/* What can be asked of the suite's guest: HvCaps. */
unsigned bench_caps(const BenchKind *kind, const HvDriver *driver);

typedef struct BenchTest {
    const char *name;
    unsigned needs; /* HvCaps */
    void (*run)(Bench *bench);
} BenchTest;

/* Opens the driver in `root`, or in a new folder when that is NULL. */
void bench_setup(Bench *bench, const char *driver, const char *guest, const char *root);
void bench_teardown(Bench *bench);
void bench_open(Bench *bench);
void bench_close(Bench *bench);

/* Runs the tests of DRIVER with GUEST, argv[1] and argv[2]; what the driver cannot is skipped,
 * with the reason; all of it at once where its engine is missing. */
int bench_run(int argc, char **argv, const BenchTest *tests, unsigned count);

/* Sets what makes the suite's guest: its kind, memory, and what it boots. */
void bench_describe_guest(Bench *bench, HvDomainConfig *config);

/* The path of a raw disk of 1 MiB that starts the boot sector guest. (owned) */
char *bench_new_disk(Bench *bench);

/* An empty qcow2 overlay of an image. (owned) */
char *bench_new_overlay(Bench *bench, const char *path, const char *format);
/* An empty qcow2 image of `size` bytes. (owned) */
char *bench_new_qcow2(Bench *bench, uint64_t size);
/* One byte of a file. */
char bench_read_byte(const char *path, off_t offset);

/* Runs a tool that must succeed. */
void bench_run_program(Bench *bench, const char *const *argv);

/* Runs this program again as DRIVER GUEST `mode` ROOT, waits until it says that it is ready and
 * `milliseconds` more, and kills it. */
void bench_run_holder(Bench *bench, const char *mode, unsigned milliseconds);
/* The same in steps: what runs, and what it prints to; the wait for its word; its end. */
typedef struct Holder {
    GPid pid;
    int out;
} Holder;
Holder bench_start_holder(Bench *bench, const char *mode);
void bench_await_holder(const Holder *holder);
void bench_kill_holder(Holder *holder);
/* run_dir is empty, and no process but this has a file of the bench in its hands. */
void bench_assert_nothing_left(Bench *bench);

/* Waits for the end of a process that is not our child. */
void bench_wait_process(Bench *bench, pid_t pid);

HvExitReason bench_wait_exit(Bench *bench, Uuid domain, uint64_t ticket);
unsigned bench_count_exits(Bench *bench, Uuid domain);

/* guest_changed events so far, and the wait for more than `seen`. */
unsigned bench_count_changes(Bench *bench);
void bench_wait_change(Bench *bench, unsigned seen);

void line_send(int line, const char *text);
/* Reads until `text` has come; what came is returned. (owned) */
char *line_expect(Bench *bench, int line, const char *text);
/* Both, for an answer that is of no more interest. */
void line_ask(Bench *bench, int line, const char *text, const char *answer);
