/* Fake domains and their files. */
#include "base/fd.h"
#include "hv/fake/fake.h"

#include <errno.h>

#define FAKE_MAGIC "fakedom"

static char *fake_domain_path(const Hv *hv, const FakeDomain *domain);

FakeDomain *fake_domain_new(const FakeState *state)
{
    FakeDomain *domain = g_new0(FakeDomain, 1);
    domain->state = *state;
    g_strlcpy(domain->state.magic, FAKE_MAGIC, sizeof domain->state.magic);
    domain->lines = g_array_new(FALSE, FALSE, sizeof(int));
    domain->viewers = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_set_clear_func(domain->lines, (GDestroyNotify)fd_close);
    g_array_set_clear_func(domain->viewers, (GDestroyNotify)fd_close);
    return domain;
}

void fake_domain_free(FakeDomain *domain)
{
    g_array_unref(domain->lines);
    g_array_unref(domain->viewers);
    g_free(domain);
}

FakeDevice *fake_domain_find_device(FakeDomain *domain, const char *id)
{
    for (unsigned i = 0; i < FAKE_MAX_DEVICES; i++) {
        if (g_str_equal(domain->state.devices[i].id, id)) {
            return &domain->state.devices[i];
        }
    }
    return NULL;
}

bool fake_domain_save(Hv *hv, const FakeDomain *domain, Err **err)
{
    g_autofree char *path = fake_domain_path(hv, domain);
    return fd_write_file(path, &domain->state, sizeof domain->state, 0600, err);
}

bool fake_domain_remove(Hv *hv, FakeDomain *domain, Err **err)
{
    g_autofree char *path = fake_domain_path(hv, domain);
    if (unlink(path) < 0 && errno != ENOENT) {
        return err_errno(err, errno, "cannot remove %s", path);
    }
    g_hash_table_remove(hv->domains, &domain->state.uuid);
    return true;
}

bool fake_state_read(const char *path, FakeState *ret_state)
{
    size_t length;
    g_autofree char *data = fd_read_file(path, sizeof *ret_state, &length, NULL);
    if (!data || length != sizeof *ret_state || memcmp(data, FAKE_MAGIC, sizeof FAKE_MAGIC) != 0) {
        return false;
    }
    memcpy(ret_state, data, sizeof *ret_state);
    return true;
}

static char *fake_domain_path(const Hv *hv, const FakeDomain *domain)
{
    char name[UUID_TEXT_SIZE];
    return g_build_filename(hv->run_dir, uuid_format(domain->state.uuid, name), NULL);
}
