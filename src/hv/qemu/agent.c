/* The conversation with an agent: one request after the other, each with a number and a time
 * limit.  What the answers say is guestinfo.c.
 *
 * The guest may restart, kill its agent or leave old answers in the channel at any time: an
 * answer without the awaited number is dropped, and a request begins with a byte that makes the
 * agent forget half a command (0xff, see guest-sync-delimited). */
#include "hv/qemu/agent.h"

#include "base/fd.h"
#include "base/op.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/guestinfo.h"
#include "hv/qemu/qemu.h"
#include "wire/json.h"

#include <errno.h>
#include <sys/socket.h>

#define AGENT_MAX_ANSWER   ((gsize)256 * 1024) /* bytes */
#define AGENT_READ_CHUNK   4096
#define AGENT_ANSWER_LIMIT (5 * USEC_PER_SEC)
#define AGENT_PAUSE        (10 * USEC_PER_SEC) /* between rounds of requests */
#define AGENT_PAUSE_EARLY  (2 * USEC_PER_SEC)  /* while the guest has no address */

typedef enum AgentQuestion {
    AGENT_INFO,
    AGENT_OS,
    AGENT_HOSTNAME,
    AGENT_INTERFACES,
    AGENT_QUESTIONS,
} AgentQuestion;

static const char *const agent_commands[AGENT_QUESTIONS] = {
    [AGENT_INFO] = "guest-info",
    [AGENT_OS] = "guest-get-osinfo",
    [AGENT_HOSTNAME] = "guest-get-host-name",
    [AGENT_INTERFACES] = "guest-network-get-interfaces",
};

struct QemuAgent {
    QemuDomain *domain; /* (borrowed) */
    int fd;
    HvWatch watch;

    /* The event thread's own. */
    bool open;              /* the guest is known to have the port open */
    AgentQuestion question; /* awaited; AGENT_QUESTIONS between rounds */
    int64_t number;         /* of the awaited answer */
    Usec due;               /* when to give up, or between rounds to begin again */
    GString *input;
    Value *answers[AGENT_QUESTIONS];

    Lock lock; /* LOCK_HV_DOMAIN, over what follows */
    HvGuestInfo info;
    bool held;         /* file systems are frozen: an agent then answers few questions */
    int64_t orders;    /* how many were given; the last one's number is the negative of it */
    bool answered, ok; /* the last one */
    GCond answer_came;
};

static void qemu_agent_on_input(void *user);
static void qemu_agent_take_line(QemuAgent *agent, const char *line, size_t length);
static bool qemu_agent_take_order_answer(QemuAgent *agent, int64_t number, bool ok);
static bool qemu_agent_is_held(QemuAgent *agent);
static void qemu_agent_begin_round(QemuAgent *agent);
static void qemu_agent_ask(QemuAgent *agent, AgentQuestion question);
static void qemu_agent_end_round(QemuAgent *agent);
static void qemu_agent_lose(QemuAgent *agent);
static void qemu_agent_publish(QemuAgent *agent, HvGuestInfo info);
static bool qemu_agent_send(QemuAgent *agent, const char *text);
static void qemu_agent_forget_answers(QemuAgent *agent);

QemuAgent *qemu_agent_new(QemuDomain *domain, int fd, bool ask, Err **err)
{
    QemuAgent *agent = g_new0(QemuAgent, 1);
    agent->domain = domain;
    agent->fd = fd;
    agent->watch = (HvWatch){fd, qemu_agent_on_input, agent};
    agent->question = AGENT_QUESTIONS;
    agent->due = ask ? 0 : USEC_NEVER;
    agent->input = g_string_new(NULL);
    lock_init(&agent->lock, LOCK_HV_DOMAIN);
    g_cond_init(&agent->answer_came);
    if (!hv_loop_add(domain->hv->loop, &agent->watch, err)) {
        qemu_agent_free(agent);
        return NULL;
    }
    return agent;
}

void qemu_agent_free(QemuAgent *agent)
{
    if (!agent) {
        return;
    }
    fd_close(&agent->fd);
    g_string_free(agent->input, TRUE);
    qemu_agent_forget_answers(agent);
    hv_guest_info_clear(&agent->info);
    g_cond_clear(&agent->answer_came);
    lock_clear(&agent->lock);
    g_free(agent);
}

void qemu_agent_set_port(QemuAgent *agent, bool open)
{
    agent->open = open;
    if (open) {
        qemu_agent_begin_round(agent);
    } else {
        qemu_agent_lose(agent);
        agent->due = USEC_NEVER;
    }
}

void qemu_agent_tick(QemuAgent *agent, bool running)
{
    if ((!running || qemu_agent_is_held(agent)) && agent->due != USEC_NEVER) {
        agent->due = op_now() + AGENT_ANSWER_LIMIT;
    }
    if (op_now() < agent->due) {
        return;
    }
    if (agent->question != AGENT_QUESTIONS) {
        qemu_agent_lose(agent);
        if (!agent->open) {
            agent->due = USEC_NEVER;
            return;
        }
    }
    qemu_agent_begin_round(agent);
}

void qemu_agent_unwatch(QemuAgent *agent)
{
    hv_loop_remove(agent->domain->hv->loop, &agent->watch);
}

void qemu_agent_info(QemuAgent *agent, HvGuestInfo *ret_info)
{
    LOCK_GUARD(&agent->lock);
    qemu_guestinfo_copy(&agent->info, ret_info);
}

bool qemu_agent_shutdown(QemuAgent *agent, HvShutdownMode mode)
{
    {
        LOCK_GUARD(&agent->lock);
        if (!agent->info.alive) {
            return false;
        }
    }
    g_autofree char *command =
        g_strdup_printf("{\"execute\":\"guest-shutdown\",\"arguments\":{\"mode\":\"%s\"}}\n",
                        mode == HV_SHUTDOWN_REBOOT ? "reboot" : "powerdown");
    return qemu_agent_send(agent, command);
}

bool qemu_agent_freeze(QemuAgent *agent, Op *op, bool frozen, Err **err)
{
    static const char *const names[] = {"thaw", "freeze"};
    LOCK_GUARD(&agent->lock);
    if (frozen && !agent->info.alive) {
        return err_internal(err, "no agent answers in domain %s", agent->domain->name);
    }
    agent->held = frozen;
    agent->answered = false;
    g_autofree char *command =
        g_strdup_printf("{\"execute\":\"guest-fsfreeze-%s\",\"id\":%" G_GINT64_FORMAT "}\n",
                        names[frozen], -++agent->orders);
    if (!qemu_agent_send(agent, command)) {
        return err_internal(err, "the agent of domain %s does not listen", agent->domain->name);
    }
    while (!agent->answered) {
        if (!op_wait(op, &agent->answer_came, &agent->lock.mutex, err)) {
            return false;
        }
    }
    return agent->ok || err_internal(err, "the agent of domain %s refused to %s its file systems",
                                     agent->domain->name, names[frozen]);
}

void qemu_agent_thaw(QemuAgent *agent)
{
    (void)qemu_agent_send(agent, "\xff{\"execute\":\"guest-fsfreeze-thaw\"}\n");
}

static void qemu_agent_on_input(void *user)
{
    QemuAgent *agent = user;
    char chunk[AGENT_READ_CHUNK];
    ssize_t got = recv(agent->fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        /* QEMU's end of the channel is gone; the process's own watch tells the rest. */
        qemu_agent_unwatch(agent);
        qemu_agent_set_port(agent, false);
        return;
    }
    g_string_append_len(agent->input, chunk, MAX(got, 0));
    char *end;
    while ((end = memchr(agent->input->str, '\n', agent->input->len))) {
        size_t length = (size_t)(end - agent->input->str);
        qemu_agent_take_line(agent, agent->input->str, length);
        g_string_erase(agent->input, 0, (gssize)MIN(length + 1, agent->input->len));
    }
    if (agent->input->len > AGENT_MAX_ANSWER) {
        g_string_truncate(agent->input, 0);
    }
}

static void qemu_agent_take_line(QemuAgent *agent, const char *line, size_t length)
{
    g_autoptr(Value) message = json_parse_wide(line, length, NULL);
    const Value *id = message ? value_get(message, "id") : NULL;
    Value *answer = message ? value_get(message, "return") : NULL;
    if (!id || value_kind(id) != VALUE_INT ||
        qemu_agent_take_order_answer(agent, value_int(id), answer != NULL) ||
        value_int(id) != agent->number || agent->question == AGENT_QUESTIONS) {
        return;
    }
    agent->open = true;
    /* An agent may know a command not or have it forbidden; then that part stays empty. */
    agent->answers[agent->question] = answer ? value_ref(answer) : NULL;
    if (qemu_agent_is_held(agent)) {
        agent->question = AGENT_QUESTIONS;
    } else if (agent->question + 1 < AGENT_QUESTIONS) {
        qemu_agent_ask(agent, agent->question + 1);
    } else {
        qemu_agent_end_round(agent);
    }
}

/* Whether it is the number of an order. */
static bool qemu_agent_take_order_answer(QemuAgent *agent, int64_t number, bool ok)
{
    LOCK_GUARD(&agent->lock);
    if (number == -agent->orders && !agent->answered) {
        agent->answered = true;
        agent->ok = ok;
        g_cond_broadcast(&agent->answer_came);
    }
    return number < 0;
}

static bool qemu_agent_is_held(QemuAgent *agent)
{
    LOCK_GUARD(&agent->lock);
    return agent->held;
}

static void qemu_agent_begin_round(QemuAgent *agent)
{
    qemu_agent_forget_answers(agent);
    g_string_truncate(agent->input, 0);
    qemu_agent_ask(agent, AGENT_INFO);
}

static void qemu_agent_ask(QemuAgent *agent, AgentQuestion question)
{
    agent->question = question;
    agent->number++;
    agent->due = op_now() + AGENT_ANSWER_LIMIT;
    g_autofree char *command = g_strdup_printf(
        "%s{\"execute\":\"%s\",\"id\":%" G_GINT64_FORMAT "}\n",
        question == AGENT_INFO ? "\xff" : "", agent_commands[question], agent->number);
    /* What cannot be sent is not answered, and that is noticed in time. */
    (void)qemu_agent_send(agent, command);
}

static void qemu_agent_end_round(QemuAgent *agent)
{
    const QemuGuestAnswers answers = {
        .info = agent->answers[AGENT_INFO],
        .os = agent->answers[AGENT_OS],
        .hostname = agent->answers[AGENT_HOSTNAME],
        .interfaces = agent->answers[AGENT_INTERFACES],
    };
    HvGuestInfo info = {0};
    {
        LOCK_GUARD(&agent->domain->lock);
        qemu_guestinfo_read(&answers, agent->domain->record->nics, &info);
    }
    bool early = *info.networks == NULL;
    qemu_agent_publish(agent, info);
    agent->question = AGENT_QUESTIONS;
    agent->due = op_now() + (early ? AGENT_PAUSE_EARLY : AGENT_PAUSE);
}

static void qemu_agent_lose(QemuAgent *agent)
{
    agent->question = AGENT_QUESTIONS;
    qemu_agent_publish(agent, (HvGuestInfo){.alive = false});
}

/* Takes over what `info` owns; tells the layers above when it is news. */
static void qemu_agent_publish(QemuAgent *agent, HvGuestInfo info)
{
    bool news;
    {
        LOCK_GUARD(&agent->lock);
        news = !qemu_guestinfo_equal(&agent->info, &info);
        hv_guest_info_clear(&agent->info);
        agent->info = info;
    }
    const HvEvents *events = &agent->domain->hv->events;
    if (news && events->guest_changed) {
        events->guest_changed(events->user, agent->domain->uuid);
    }
}

/* The socket takes a short text whole or not at all, so two threads' commands do not mix. */
static bool qemu_agent_send(QemuAgent *agent, const char *text)
{
    return send(agent->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

static void qemu_agent_forget_answers(QemuAgent *agent)
{
    for (unsigned i = 0; i < AGENT_QUESTIONS; i++) {
        g_clear_pointer(&agent->answers[i], value_unref);
    }
}
