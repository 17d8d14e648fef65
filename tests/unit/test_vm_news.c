/* ops/vm/vm_watch.h: a guest that says without end that it has news. */
#include "core/core.h"
#include "host_fixture.h"
#include "ops/vm/vm_watch.h"

#include <stdatomic.h>

/* How often the engine was asked for what a guest says. */
static atomic_uint asked;

static bool count_guest_info(Hv *hv, Op *op, Uuid uuid, HvGuestInfo *ret_info, Err **err)
{
    atomic_fetch_add(&asked, 1);
    return hv_fake_driver.guest_info(hv, op, uuid, ret_info, err);
}

/* The watch asks every guest once in five seconds, too, and may have been about to at first. */
static void test_news_without_end(void)
{
    enum { WANTED = 5 };
    HvDriver driver = hv_fake_driver;
    driver.guest_info = count_guest_info;
    HostFixture host = {.hv = &driver};
    host_fixture_set_up(&host);
    Uuid domain = host_fixture_domain(&host, host_fixture_start_vm(&host));
    HvEvents events = vm_watch_events(platform_vm_watch(host.platform));
    g_autoptr(Op) op = op_new(20 * USEC_PER_SEC);
    Usec begun = op_now();
    unsigned before = atomic_load(&asked), now = before;
    while (now - before < WANTED) {
        g_assert_true(op_check(op, NULL));
        events.guest_changed(events.user, domain);
        now = atomic_load(&asked);
    }
    Usec taken = op_now() - begun;
    g_assert_cmpuint(now - before, <=,
                     3 + taken / VM_WATCH_NEWS_PAUSE + taken / (5 * USEC_PER_SEC));
    host_fixture_tear_down(&host);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vm-news/without-end", test_news_without_end);
    return g_test_run();
}
