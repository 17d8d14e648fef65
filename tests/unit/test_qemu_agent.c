/* The conversation with a guest agent that the test plays: a good one, one that knows little,
 * and one that sends what it likes. */
#include "hv/qemu/agent.h"

#include "base/fd.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/qemu.h"
#include "wire/json.h"

#include <sys/socket.h>

#define PATIENCE (60 * USEC_PER_SEC)

typedef struct Fixture {
    struct Hv hv;
    QemuDomain domain;
    QemuAgent *agent; /* for the event thread, from when it is set */
    int guest;        /* the agent's end */
    Op *op;
    GMutex lock;
    GCond changed;
    unsigned changes;
} Fixture;

static void on_changed(void *user, Uuid domain)
{
    Fixture *fixture = user;
    (void)domain;
    g_mutex_lock(&fixture->lock);
    fixture->changes++;
    g_cond_broadcast(&fixture->changed);
    g_mutex_unlock(&fixture->lock);
}

static void on_tick(void *user)
{
    Fixture *fixture = user;
    QemuAgent *agent = g_atomic_pointer_get(&fixture->agent);
    if (agent) {
        qemu_agent_tick(agent, true);
    }
}

static void set_up(Fixture *fixture)
{
    *fixture = (Fixture){.op = op_new(PATIENCE)};
    fixture->hv.events = (HvEvents){.user = fixture, .guest_changed = on_changed};
    fixture->hv.loop = hv_loop_new(on_tick, fixture, NULL);
    fixture->domain.hv = &fixture->hv;
    fixture->domain.record = qemu_record_new(uuid_generate());
    const HvNic nic = {"nic", 0, "52:54:00:00:00:01", 1500, -1};
    qemu_record_add_nic(fixture->domain.record, &nic);
    lock_init(&fixture->domain.lock, LOCK_HV_DOMAIN);
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    fixture->guest = pair[1];
    g_atomic_pointer_set(&fixture->agent, qemu_agent_new(&fixture->domain, pair[0], true, NULL));
}

static void tear_down(Fixture *fixture)
{
    hv_loop_free(fixture->hv.loop);
    qemu_agent_free(fixture->agent);
    fd_close(&fixture->guest);
    qemu_record_free(fixture->domain.record);
    lock_clear(&fixture->domain.lock);
    op_unref(fixture->op);
}

/* The next command's name; `ret_id` is its number. (owned) */
static char *receive(Fixture *fixture, int64_t *ret_id)
{
    g_autoptr(GString) line = g_string_new(NULL);
    char byte = '\0';
    while (byte != '\n') {
        struct pollfd poll = {.fd = fixture->guest, .events = POLLIN};
        g_assert_true(op_poll(fixture->op, &poll, 1, NULL));
        g_assert_cmpint(recv(fixture->guest, &byte, 1, 0), ==, 1);
        if (byte != '\xff') {
            g_string_append_c(line, byte);
        }
    }
    g_autoptr(Value) command = json_parse(line->str, line->len, NULL);
    g_assert_nonnull(command);
    const Value *id = value_get(command, "id");
    *ret_id = id ? value_int(id) : 0;
    return g_strdup(value_get_string(command, "execute"));
}

static void say(Fixture *fixture, const char *text)
{
    g_assert_true(fd_write_all(fixture->guest, text, strlen(text), NULL));
}

/* Answers `command` with `result`, which is a "return" or an "error" member. */
static void answer(Fixture *fixture, const char *command, const char *result)
{
    int64_t id;
    g_autofree char *asked = receive(fixture, &id);
    g_assert_cmpstr(asked, ==, command);
    g_autofree char *text = g_strdup_printf("{%s,\"id\":%" G_GINT64_FORMAT "}\n", result, id);
    say(fixture, text);
}

static void await_change(Fixture *fixture, unsigned count)
{
    g_mutex_lock(&fixture->lock);
    while (fixture->changes < count) {
        g_assert_true(op_wait(fixture->op, &fixture->changed, &fixture->lock, NULL));
    }
    g_mutex_unlock(&fixture->lock);
}

static void answer_round(Fixture *fixture)
{
    answer(fixture, "guest-info", "\"return\":{\"version\":\"7.2.0\"}");
    answer(fixture, "guest-get-osinfo", "\"return\":{\"id\":\"debian\"}");
    answer(fixture, "guest-get-host-name", "\"return\":{\"host-name\":\"box\"}");
    answer(fixture, "guest-network-get-interfaces",
           "\"return\":[{\"hardware-address\":\"52:54:00:00:00:01\",\"ip-addresses\":"
           "[{\"ip-address-type\":\"ipv4\",\"ip-address\":\"10.0.0.2\"}]}]");
}

static void assert_known(Fixture *fixture)
{
    g_auto(HvGuestInfo) info = {0};
    qemu_agent_info(fixture->agent, &info);
    g_assert_true(info.alive);
    g_assert_cmpstr(info.hostname, ==, "box");
    g_assert_cmpstr(info.networks[0], ==, "0/ip");
    g_assert_cmpstr(info.networks[1], ==, "10.0.0.2");
}

static void test_round(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_assert_false(qemu_agent_shutdown(fixture.agent, HV_SHUTDOWN_REBOOT));
    answer_round(&fixture);
    await_change(&fixture, 1);
    assert_known(&fixture);
    g_assert_true(qemu_agent_shutdown(fixture.agent, HV_SHUTDOWN_REBOOT));
    int64_t id;
    g_autofree char *command = receive(&fixture, &id);
    g_assert_cmpstr(command, ==, "guest-shutdown");
    /* The channel's end is the agent's. */
    fd_close(&fixture.guest);
    await_change(&fixture, 2);
    g_auto(HvGuestInfo) info = {0};
    qemu_agent_info(fixture.agent, &info);
    g_assert_false(info.alive);
    g_assert_null(info.hostname);
    tear_down(&fixture);
}

static void test_little(void)
{
    static const char *const refusal = "\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"no\"}";
    Fixture fixture;
    set_up(&fixture);
    answer(&fixture, "guest-info", refusal);
    answer(&fixture, "guest-get-osinfo", refusal);
    answer(&fixture, "guest-get-host-name", refusal);
    answer(&fixture, "guest-network-get-interfaces", refusal);
    await_change(&fixture, 1);
    g_auto(HvGuestInfo) info = {0};
    qemu_agent_info(fixture.agent, &info);
    g_assert_true(info.alive);
    g_assert_null(info.hostname);
    tear_down(&fixture);
}

/* Old answers, half ones and noise do not come between a question and its answer. */
static void test_noise(void)
{
    Fixture fixture;
    set_up(&fixture);
    say(&fixture, "\xff\xfe noise\n{\"return\":{}}\n{\"return\":{},\"id\":\"1\"}\n\n[]\n7\n"
                  "{\"return\":{},\"id\":99}\n{\"return\":{\"host-name\":\"old\"},\"id\":-1}\n");
    g_autofree char *flood = g_strnfill(300 * 1024, 'x');
    say(&fixture, flood);
    say(&fixture, "\n");
    answer_round(&fixture);
    await_change(&fixture, 1);
    assert_known(&fixture);
    g_mutex_lock(&fixture.lock);
    g_assert_cmpuint(fixture.changes, ==, 1);
    g_mutex_unlock(&fixture.lock);
    tear_down(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qemu_agent/round", test_round);
    g_test_add_func("/qemu_agent/little", test_little);
    g_test_add_func("/qemu_agent/noise", test_noise);
    return g_test_run();
}
