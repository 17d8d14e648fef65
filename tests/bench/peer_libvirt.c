/* libvirtd by its own client library. */
#include "peer.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

typedef struct Libvirt {
    const char *address;
    const char *vm_uuid;
    virConnectPtr connection;
    virDomainPtr vm;
    unsigned listed; /* by the last list() */
    PeerHeard heard;
    void *user;
} Libvirt;

static void libvirt_check(bool is_good);
static gpointer libvirt_listen(gpointer user);
static int libvirt_changed(virConnectPtr connection, virDomainPtr vm, int event, int detail,
                           void *user);

static void *libvirt_open(const char *address, const char *vm_uuid)
{
    g_autofree char *uri = g_strdup_printf("qemu+unix:///system?socket=%s", address);
    Libvirt *self = g_new0(Libvirt, 1);
    self->address = address;
    self->vm_uuid = vm_uuid;
    self->connection = virConnectOpen(uri);
    libvirt_check(self->connection != NULL);
    self->vm = virDomainLookupByUUIDString(self->connection, vm_uuid);
    libvirt_check(self->vm != NULL);
    return self;
}

static void libvirt_start(void *peer)
{
    libvirt_check(virDomainCreate(((Libvirt *)peer)->vm) == 0);
}

static void libvirt_stop(void *peer)
{
    libvirt_check(virDomainDestroy(((Libvirt *)peer)->vm) == 0);
}

static void libvirt_pause(void *peer)
{
    libvirt_check(virDomainSuspend(((Libvirt *)peer)->vm) == 0);
}

static void libvirt_unpause(void *peer)
{
    libvirt_check(virDomainResume(((Libvirt *)peer)->vm) == 0);
}

static bool libvirt_is_running(void *peer)
{
    int state;
    libvirt_check(virDomainGetState(((Libvirt *)peer)->vm, &state, NULL, 0) == 0);
    return state == VIR_DOMAIN_RUNNING;
}

static size_t libvirt_list(void *peer)
{
    Libvirt *self = peer;
    virDomainPtr *vms;
    int count = virConnectListAllDomains(self->connection, &vms, 0);
    libvirt_check(count >= 0);
    size_t bytes = 0;
    for (int i = 0; i < count; i++) {
        char *xml = virDomainGetXMLDesc(vms[i], 0);
        libvirt_check(xml != NULL);
        bytes += strlen(xml);
        free(xml);
        virDomainFree(vms[i]);
    }
    free(vms);
    self->listed = (unsigned)count;
    return bytes;
}

static unsigned libvirt_count(void *peer)
{
    return ((const Libvirt *)peer)->listed;
}

/* The library wants its event loop before the connection that hears. */
static void libvirt_watch(void *peer, PeerHeard heard, void *user)
{
    Libvirt *self = peer;
    libvirt_check(virEventRegisterDefaultImpl() == 0);
    Libvirt *watcher = libvirt_open(self->address, self->vm_uuid);
    watcher->heard = heard;
    watcher->user = user;
    libvirt_check(virConnectDomainEventRegisterAny(
                      watcher->connection, watcher->vm, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                      VIR_DOMAIN_EVENT_CALLBACK(libvirt_changed), watcher, NULL) >= 0);
    g_thread_unref(g_thread_new("watch", libvirt_listen, NULL));
}

const PeerDriver peer_libvirt = {
    .name = "libvirt",
    .open = libvirt_open,
    .start = libvirt_start,
    .stop = libvirt_stop,
    .pause = libvirt_pause,
    .unpause = libvirt_unpause,
    .is_running = libvirt_is_running,
    .list = libvirt_list,
    .count = libvirt_count,
    .watch = libvirt_watch,
};

static void libvirt_check(bool is_good)
{
    if (!is_good) {
        g_error("libvirt: %s", virGetLastErrorMessage());
    }
}

static gpointer libvirt_listen(gpointer user)
{
    (void)user;
    for (;;) {
        libvirt_check(virEventRunDefaultImpl() == 0);
    }
    return NULL;
}

static int libvirt_changed(virConnectPtr connection, virDomainPtr vm, int event, int detail,
                           void *user)
{
    Libvirt *self = user;
    (void)connection;
    (void)vm;
    (void)detail;
    if (event == VIR_DOMAIN_EVENT_SUSPENDED || event == VIR_DOMAIN_EVENT_RESUMED) {
        self->heard(self->user, event == VIR_DOMAIN_EVENT_RESUMED);
    }
    return 0;
}
