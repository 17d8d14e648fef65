/* Sending a running domain to another QEMU, and receiving one.
 *
 * When the old QEMU has sent everything it gives up its locks on the disks; the new one takes them
 * when it is let run.  The record says whose the guest is at any time. */
#include "hv/passage.h"

#include "base/fd.h"
#include "base/text.h"
#include "hv/qemu/create.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/migration.h"
#include "hv/qemu/passage.h"
#include "hv/qemu/qemu.h"

#define ENGINE      "qemu"
#define GO_ON_LIMIT (60 * USEC_PER_SEC)

typedef struct Arrival {
    Hv *hv;
    const HvDomainConfig *config;
    QemuDomain *domain; /* once it is prepared (a reference) */
} Arrival;

static HvPassageState qemu_passage_state(QemuDomain *domain);
static bool qemu_passage_on_copy(void *user, Op *op, HvPassage *passage, Err **err);
static bool qemu_passage_on_give(void *user, Err **err);
static void qemu_passage_on_go_on(void *user);
static bool qemu_passage_on_end(void *user, Op *op, Err **err);
static bool qemu_passage_on_prepare(void *user, Op *op, Err **err);
static bool qemu_passage_on_load(void *user, Op *op, HvPassage *passage, Err **err);
static bool qemu_passage_on_take(void *user, Err **err);
static bool qemu_passage_begin(QemuDomain *domain, Err **err);
static bool qemu_passage_has_ended(QemuDomain *domain, Err **err);
static bool qemu_passage_go_on(QemuDomain *domain, Err **err);
static bool qemu_passage_stop_copying(QemuDomain *domain, Op *op, Err **err);
static bool qemu_passage_continue(QemuDomain *domain, Op *op, Err **err);
static bool qemu_passage_note(QemuDomain *domain, HvPassageState passage, Err **err);

bool qemu_passage_send(Hv *hv, Op *op, Uuid uuid, const HvSend *send, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    if (qemu_passage_is_given(domain)) {
        return err_internal(err, "domain %s was given away", domain->name);
    }
    const HvPassageSource source = {.engine = ENGINE,
                                    .domain = uuid,
                                    .memory_bytes = domain->record->memory_max_bytes,
                                    .copy = qemu_passage_on_copy,
                                    .give = qemu_passage_on_give,
                                    .go_on = qemu_passage_on_go_on,
                                    .end = qemu_passage_on_end,
                                    .user = domain};
    return hv_passage_send(send, op, &source, err);
}

bool qemu_passage_receive(Hv *hv, Op *op, const HvDomainConfig *config, int fd, int *ret_domid,
                          Err **err)
{
    Arrival arrival = {hv, config, NULL};
    const HvPassageTarget target = {.engine = ENGINE,
                                    .domain = config->uuid,
                                    .prepare = qemu_passage_on_prepare,
                                    .load = qemu_passage_on_load,
                                    .take = qemu_passage_on_take,
                                    .user = &arrival};
    bool done = hv_passage_receive(fd, op, &target, err);
    g_autoptr(QemuDomain) domain = arrival.domain;
    if (done) {
        *ret_domid = qemu_create_finish(domain);
    } else if (domain) {
        qemu_create_abort(domain);
    }
    return done;
}

bool qemu_passage_reclaim(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    return domain && op_check(op, err) && qemu_passage_go_on(domain, err);
}

bool qemu_passage_is_given(QemuDomain *domain)
{
    return qemu_passage_state(domain) == HV_PASSAGE_GIVEN;
}

bool qemu_passage_settle(QemuDomain *domain, Err **err)
{
    return qemu_passage_state(domain) != HV_PASSAGE_SENDING || qemu_passage_go_on(domain, err);
}

static HvPassageState qemu_passage_state(QemuDomain *domain)
{
    LOCK_GUARD(&domain->lock);
    return domain->record->passage;
}

static bool qemu_passage_on_copy(void *user, Op *op, HvPassage *passage, Err **err)
{
    QemuDomain *domain = user;
    auto_fd from = -1;
    return qemu_passage_begin(domain, err) &&
           qemu_migration_prepare(domain, op, QEMU_MIGRATION_LIVE, err) &&
           qemu_migration_connect(domain, op, "migrate", &from, err) &&
           hv_passage_fill(passage, op, from, err) && qemu_migration_wait(domain, op, err) &&
           !qemu_passage_has_ended(domain, err);
}

static bool qemu_passage_on_give(void *user, Err **err)
{
    return qemu_passage_note(user, HV_PASSAGE_GIVEN, err);
}

/* One that cannot go on is noticed by its state. */
static void qemu_passage_on_go_on(void *user)
{
    (void)qemu_passage_go_on(user, NULL);
}

static bool qemu_passage_on_end(void *user, Op *op, Err **err)
{
    QemuDomain *domain = user;
    return qemu_control_destroy(domain->hv, op, domain->uuid, err);
}

static bool qemu_passage_on_prepare(void *user, Op *op, Err **err)
{
    Arrival *arrival = user;
    arrival->domain = qemu_create_begin(arrival->hv, op, arrival->config, HV_PASSAGE_COMING, err);
    return arrival->domain && qemu_migration_prepare(arrival->domain, op, QEMU_MIGRATION_LIVE, err);
}

/* QEMU's own reason is in its log; a broken socket says less than that it gave up. */
static bool qemu_passage_on_load(void *user, Op *op, HvPassage *passage, Err **err)
{
    const Arrival *arrival = user;
    auto_fd to = -1;
    if (!qemu_migration_connect(arrival->domain, op, "migrate-incoming", &to, err) ||
        !hv_passage_drain(passage, op, to, err)) {
        return false;
    }
    fd_close(&to);
    return qemu_migration_wait(arrival->domain, op, err);
}

static bool qemu_passage_on_take(void *user, Err **err)
{
    const Arrival *arrival = user;
    return qemu_passage_note(arrival->domain, HV_PASSAGE_NONE, err);
}

static bool qemu_passage_begin(QemuDomain *domain, Err **err)
{
    {
        LOCK_GUARD(&domain->lock);
        if (domain->state != HV_STATE_RUNNING) {
            return err_internal(err, "the guest of domain %s does not run", domain->name);
        }
    }
    return qemu_passage_note(domain, HV_PASSAGE_SENDING, err);
}

static bool qemu_passage_has_ended(QemuDomain *domain, Err **err)
{
    LOCK_GUARD(&domain->lock);
    bool ended = domain->state == HV_STATE_SHUTDOWN || domain->gone;
    if (ended) {
        err_internal(err, "the guest of domain %s has ended", domain->name);
    }
    return ended;
}

/* Not to be interrupted: the guest may stand still. */
static bool qemu_passage_go_on(QemuDomain *domain, Err **err)
{
    if (qemu_passage_state(domain) == HV_PASSAGE_NONE) {
        return true; /* it was not touched */
    }
    g_autoptr(Op) op = op_new(GO_ON_LIMIT);
    return qemu_passage_stop_copying(domain, op, err) && qemu_passage_continue(domain, op, err) &&
           qemu_passage_note(domain, HV_PASSAGE_NONE, err);
}

/* What was begun by a driver before this one has told its state to that one only. */
static bool qemu_passage_stop_copying(QemuDomain *domain, Op *op, Err **err)
{
    static const char *const under_way[] = {"setup", "active", "cancelling", "device",
                                            "pre-switchover"};
    {
        LOCK_GUARD(&domain->lock);
        domain->migration = QEMU_MIGRATION_ACTIVE;
    }
    g_autoptr(Value) migration = NULL;
    if (!qmp_call(domain->qmp, op, "query-migrate", NULL, &migration, err)) {
        return false;
    }
    const char *status = value_get_string(migration, "status");
    for (unsigned i = 0; i < G_N_ELEMENTS(under_way); i++) {
        if (text_equal(status, under_way[i])) {
            qemu_migration_cancel(domain);
            return true;
        }
    }
    return true;
}

/* QEMU lets a guest whose migration failed go on by itself, and refuses to be told so just before
 * it does. */
static bool qemu_passage_continue(QemuDomain *domain, Op *op, Err **err)
{
    {
        LOCK_GUARD(&domain->lock);
        if (domain->state == HV_STATE_SHUTDOWN) {
            return true;
        }
    }
    g_autoptr(Err) why = NULL;
    if (qmp_call(domain->qmp, op, "cont", NULL, NULL, &why)) {
        return true;
    }
    LOCK_GUARD(&domain->lock);
    while (domain->state != HV_STATE_RUNNING && !domain->gone) {
        if (!op_wait(op, &domain->changed, &domain->lock.mutex, NULL)) {
            return err_propagate(err, g_steal_pointer(&why));
        }
    }
    return true;
}

static bool qemu_passage_note(QemuDomain *domain, HvPassageState passage, Err **err)
{
    {
        LOCK_GUARD(&domain->lock);
        domain->record->passage = passage;
    }
    return qemu_domain_save_record(domain, err);
}
