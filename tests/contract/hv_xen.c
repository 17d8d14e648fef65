/* xl(1) and xenstore-read(1) know a domain by its number; the driver names it by its uuid. */
#include "hv_xen.h"

#include "base/subprocess.h"

#include <fcntl.h>
#include <termios.h>

static char *output_of(Bench *bench, const char *const *argv)
{
    char *out = NULL;
    Err *err = NULL;
    assert_ok(op_run_ok(bench->op, argv, &out, &err), err);
    return g_strstrip(out);
}

static char *domid_of(Bench *bench, const char *domain)
{
    const char *const argv[] = {"xl", "domid", domain, NULL};
    return output_of(bench, argv);
}

void hv_xen_kill(Bench *bench, const HvDomainInfo *info)
{
    g_autofree char *domid = g_strdup_printf("%d", info->domid);
    const char *const argv[] = {"xl", "destroy", domid, NULL};
    bench_run_program(bench, argv);
}

int hv_xen_open_line(Bench *bench, const char *domain)
{
    g_autofree char *domid = domid_of(bench, domain);
    g_autofree char *node = g_strdup_printf("/local/domain/%s/console/tty", domid);
    const char *const argv[] = {"xenstore-read", node, NULL};
    g_autofree char *terminal = output_of(bench, argv);
    int line = open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(line, >=, 0);
    struct termios mode;
    g_assert_no_errno(tcgetattr(line, &mode));
    cfmakeraw(&mode);
    g_assert_no_errno(tcsetattr(line, TCSANOW, &mode));
    return line;
}

/* The fifth column of xl's list has an "s" for a domain that was shut down, a "c" for one that
 * crashed. */
void hv_xen_wait_end(Bench *bench, const char *domain)
{
    Err *err = NULL;
    g_autofree char *domid = domid_of(bench, domain);
    const char *const argv[] = {"xl", "list", domid, NULL};
    for (;;) {
        g_autofree char *list = output_of(bench, argv);
        const char *row = strrchr(list, '\n');
        g_auto(GStrv) words = g_regex_split_simple(" +", row ? row + 1 : "", 0, 0);
        if (g_strv_length(words) > 4 && strpbrk(words[4], "sc")) {
            return;
        }
        assert_ok(op_sleep(bench->op, 200 * USEC_PER_MSEC, &err), err);
    }
}
