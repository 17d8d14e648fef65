/* Namespaces, and every case against every driver; see nw_fixture.h. */
#include "nw_fixture.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const NwKind kinds[] = {
    {"bridge", &nw_bridge_driver, true},
    {"fake", &nw_fake_driver, false},
};

typedef struct Case {
    const NwKind *kind;
    void (*func)(NwFixture *fix);
    bool isolated; /* in a namespace of our own */
} Case;

static void run_case(gconstpointer user);
static void fixture_start(NwFixture *fix, const NwKind *kind);
static void fixture_stop(NwFixture *fix);
static pid_t start_outside(void);

int nw_run_cases(int argc, char **argv, const NwCase *cases, size_t count)
{
    g_test_init(&argc, &argv, NULL);
    bool isolated = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        for (size_t i = 0; i < count; i++) {
            if (cases[i].needs_real && !kinds[k].is_real) {
                continue;
            }
            g_autofree char *path = g_strdup_printf("/nw/%s/%s", kinds[k].name, cases[i].name);
            Case *test = g_new(Case, 1);
            *test = (Case){&kinds[k], cases[i].func, isolated};
            g_test_add_data_func_full(path, test, run_case, g_free);
        }
    }
    return g_test_run();
}

void nw_assert_fails(bool done, Err **err)
{
    g_assert_false(done);
    g_assert_true(err_is(*err, "INTERNAL_ERROR"));
    err_free(*err);
    *err = NULL;
}

char *nw_read(NwFixture *fix, const char *command)
{
    Err *err = NULL;
    char *out = NULL;
    g_auto(GStrv) argv = g_strsplit(command, " ", -1);
    assert_ok(op_run_ok(fix->op, (const char *const *)argv, &out, &err), err);
    return out;
}

void nw_run(NwFixture *fix, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *command = g_strdup_vprintf(fmt, args);
    va_end(args);
    g_free(nw_read(fix, command));
}

bool nw_find_interface(NwFixture *fix, const char *name, NwInterface *ret_interface)
{
    Err *err = NULL;
    g_autoptr(GArray) interfaces = fix->driver->interfaces(fix->nw, &err);
    assert_ok(interfaces != NULL, err);
    for (guint i = 0; i < interfaces->len; i++) {
        const NwInterface *interface = &g_array_index(interfaces, NwInterface, i);
        if (g_str_equal(interface->name, name)) {
            *ret_interface = *interface;
            return true;
        }
    }
    return false;
}

void nw_create_bridge(NwFixture *fix, const char *name, unsigned mtu, const char *uplink)
{
    Err *err = NULL;
    NwBridge bridge = {.name = name, .mtu = mtu, .uplink = uplink, .move_address = uplink != NULL};
    assert_ok(fix->driver->bridge_create(fix->nw, fix->op, &bridge, &err), err);
}

void nw_destroy_bridge(NwFixture *fix, const char *name)
{
    Err *err = NULL;
    assert_ok(fix->driver->bridge_destroy(fix->nw, fix->op, name, &err), err);
}

int nw_attach_port(NwFixture *fix, const char *bridge, const char *name)
{
    Err *err = NULL;
    const NwPort port = {
        .name = name, .bridge = bridge, .mtu = 1500, .policy = {.mac = "02:00:00:00:00:01"}};
    int fd = -1;
    assert_ok(fix->driver->port_attach(fix->nw, fix->op, &port, &fd, &err), err);
    return fd;
}

static void run_case(gconstpointer user)
{
    const Case *test = user;
    if (test->kind->is_real && !test->isolated) {
        g_test_skip("needs root, for a network namespace of its own");
        return;
    }
    NwFixture fix;
    fixture_start(&fix, test->kind);
    test->func(&fix);
    fixture_stop(&fix);
}

static void fixture_start(NwFixture *fix, const NwKind *kind)
{
    Err *err = NULL;
    *fix = (NwFixture){.kind = kind, .driver = kind->driver, .op = op_new(NW_DEADLINE)};
    fix->state_dir = g_dir_make_tmp("nw-contract-XXXXXX", NULL);
    fix->nw = fix->driver->open(fix->state_dir, &err);
    assert_ok(fix->nw != NULL, err);
    if (kind->is_real) {
        fix->outside = start_outside();
        nw_run(fix, "ip link add eth0 type veth peer name far netns %d", fix->outside);
        nw_run(fix, "ip link set eth0 up");
        nw_run(fix, "nsenter -t %d -n ip link set far up", fix->outside);
    }
}

static void fixture_stop(NwFixture *fix)
{
    fix->driver->close(fix->nw);
    if (fix->kind->is_real) {
        kill(fix->outside, SIGKILL);
        waitpid(fix->outside, NULL, 0);
        /* The namespace of the child goes away some time later, and the pair with it. */
        const char *argv[] = {"ip", "link", "del", "eth0", NULL};
        g_auto(SubprocessResult) result = {0};
        g_assert_true(op_run(fix->op, argv, &result, NULL));
    }
    nw_run(fix, "rm -rf %s", fix->state_dir);
    g_free(fix->state_dir);
    op_unref(fix->op);
}

static pid_t start_outside(void)
{
    int ready[2];
    g_assert_cmpint(pipe(ready), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test must not leave it behind */
        char done = unshare(CLONE_NEWNET) == 0;
        if (write(ready[1], &done, 1) != 1) {
            _exit(1);
        }
        pause();
        _exit(0);
    }
    char done = 0;
    g_assert_cmpint(read(ready[0], &done, 1), ==, 1);
    g_assert_true(done);
    close(ready[0]);
    close(ready[1]);
    return pid;
}
