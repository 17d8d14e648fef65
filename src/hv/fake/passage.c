/* Guests of the fake engine on their way: they stand still from the beginning, as their few bytes
 * are sent at once. */
#include "hv/passage.h"

#include "hv/fake/domain.h"

/* What a passage is about. */
typedef struct FakePassage {
    Hv *hv;
    Uuid domain;
    const HvDomainConfig *config; /* of a receiver */
} FakePassage;

static bool fake_passage_on_copy(void *user, Op *op, HvPassage *passage, Err **err);
static bool fake_passage_on_give(void *user, Err **err);
static void fake_passage_on_go_on(void *user);
static bool fake_passage_on_end(void *user, Op *op, Err **err);
static bool fake_passage_on_prepare(void *user, Op *op, Err **err);
static bool fake_passage_on_load(void *user, Op *op, HvPassage *passage, Err **err);
static bool fake_passage_on_take(void *user, Err **err);

bool fake_passage_send(Hv *hv, Op *op, Uuid uuid, const HvSend *send, Err **err)
{
    FakePassage sent = {.hv = hv, .domain = uuid};
    {
        LOCK_GUARD(&hv->lock);
        const FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
        if (!domain || domain->info.given) {
            return domain && err_internal(err, "the domain was given away");
        }
    }
    const HvPassageSource source = {"fake",
                                    uuid,
                                    sizeof(FakeDomain),
                                    fake_passage_on_copy,
                                    fake_passage_on_give,
                                    fake_passage_on_go_on,
                                    fake_passage_on_end,
                                    &sent};
    return hv_passage_send(send, op, &source, err);
}

bool fake_passage_receive(Hv *hv, Op *op, const HvDomainConfig *config, int fd, int *ret_domid,
                          Err **err)
{
    FakePassage received = {hv, config->uuid, config};
    const HvPassageTarget target = {
        "fake",   config->uuid, fake_passage_on_prepare, fake_passage_on_load, fake_passage_on_take,
        &received};
    bool done = hv_passage_receive(fd, op, &target, err);
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, NULL, config->uuid, NULL);
    if (done) {
        *ret_domid = domain->info.domid;
    } else if (domain && domain->info.domid == 0) {
        fake_domain_remove(hv, domain);
    }
    return done;
}

bool fake_passage_reclaim(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (domain) {
        fake_passage_go_on(domain);
    }
    return domain != NULL;
}

void fake_passage_go_on(FakeDomain *domain)
{
    if (domain->sending) {
        domain->info.state = HV_STATE_RUNNING;
    }
    domain->sending = domain->info.given = false;
}

static bool fake_passage_on_copy(void *user, Op *op, HvPassage *passage, Err **err)
{
    const FakePassage *sent = user;
    FakeDomain state;
    {
        LOCK_GUARD(&sent->hv->lock);
        FakeDomain *domain = fake_domain_find(sent->hv, op, sent->domain, err);
        if (!domain || domain->info.state != HV_STATE_RUNNING) {
            return domain && err_internal(err, "the guest does not run");
        }
        domain->sending = true;
        domain->info.state = HV_STATE_PAUSED;
        state = *domain;
    }
    return hv_passage_put(passage, op, &state, sizeof state, err);
}

static bool fake_passage_on_give(void *user, Err **err)
{
    const FakePassage *sent = user;
    LOCK_GUARD(&sent->hv->lock);
    FakeDomain *domain = fake_domain_find(sent->hv, NULL, sent->domain, err);
    if (domain) {
        domain->info.given = true;
    }
    return domain != NULL;
}

static void fake_passage_on_go_on(void *user)
{
    const FakePassage *sent = user;
    LOCK_GUARD(&sent->hv->lock);
    FakeDomain *domain = fake_domain_find(sent->hv, NULL, sent->domain, NULL);
    if (domain) {
        fake_passage_go_on(domain);
    }
}

static bool fake_passage_on_end(void *user, Op *op, Err **err)
{
    const FakePassage *sent = user;
    return hv_fake_driver.domain_destroy(sent->hv, op, sent->domain, err);
}

static bool fake_passage_on_prepare(void *user, Op *op, Err **err)
{
    const FakePassage *received = user;
    LOCK_GUARD(&received->hv->lock);
    return fake_domain_build(received->hv, op, received->config, err) != NULL;
}

static bool fake_passage_on_load(void *user, Op *op, HvPassage *passage, Err **err)
{
    const FakePassage *received = user;
    FakeDomain state;
    if (!hv_passage_get(passage, op, &state, sizeof state, err)) {
        return false;
    }
    LOCK_GUARD(&received->hv->lock);
    FakeDomain *domain = fake_domain_find(received->hv, op, received->domain, err);
    if (domain) {
        domain->booted = state.booted;
        domain->counter = state.counter;
        domain->disk_byte = state.disk_byte;
    }
    return domain != NULL;
}

static bool fake_passage_on_take(void *user, Err **err)
{
    const FakePassage *received = user;
    LOCK_GUARD(&received->hv->lock);
    FakeDomain *domain = fake_domain_find(received->hv, NULL, received->domain, err);
    if (domain) {
        domain->info.domid = ++received->hv->last_domid;
    }
    return domain != NULL;
}
