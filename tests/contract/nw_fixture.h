/* What the suites of the network drivers share: a namespace for the driver, another one that stands
 * for the world outside, and the running of cases against each driver.
 *
 * The process moves into a network namespace of its own before it does anything, so that the
 * machine's interfaces are out of reach; the world outside is a second one, in a child process, at
 * the far end of a veth pair.  That needs root. */
#pragma once

#include "../assert_ok.h"
#include "base/fd.h"
#include "base/subprocess.h"
#include "network/nw.h"

#define NW_DEADLINE    (60 * USEC_PER_SEC)
#define NW_VNET_HEADER 10 /* bytes of struct virtio_net_hdr before each frame */

typedef struct NwKind {
    const char *name;
    const NwDriver *driver;
    bool is_real;
} NwKind;

typedef struct NwFixture {
    const NwKind *kind;
    const NwDriver *driver;
    Op *op;
    Nw *nw;
    pid_t outside; /* holds the other namespace */
    char *state_dir;
} NwFixture;

typedef struct NwCase {
    const char *name;
    void (*func)(NwFixture *fix);
    bool needs_real;
} NwCase;

/* What main() returns: every case against every driver that it is for. */
int nw_run_cases(int argc, char **argv, const NwCase *cases, size_t count);

void nw_assert_fails(bool done, Err **err); /* with INTERNAL_ERROR, which is cleared */

/* Programs; words of a command are separated by single spaces. */
char *nw_read(NwFixture *fix, const char *command); /* what it prints (owned) */
void nw_run(NwFixture *fix, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

bool nw_find_interface(NwFixture *fix, const char *name, NwInterface *ret_interface);
void nw_create_bridge(NwFixture *fix, const char *name, unsigned mtu, const char *uplink);
void nw_destroy_bridge(NwFixture *fix, const char *name);
/* A port without a policy. Its descriptor; -1 with the fake driver. */
int nw_attach_port(NwFixture *fix, const char *bridge, const char *name);
