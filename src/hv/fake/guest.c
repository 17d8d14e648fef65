/* The fake engine's event thread: it plays the guests and tells the layers above. */
#include "hv/fake/fake.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static GArray *fake_guest_poll_set(Hv *hv);
static void fake_guest_read_lines(Hv *hv, FakeDomain *domain);
static void fake_guest_obey(Hv *hv, FakeDomain *domain, char letter);
static void fake_guest_tell(Hv *hv, const FakeEvent *event);

gpointer fake_guest_run(gpointer data)
{
    Hv *hv = data;
    for (;;) {
        g_autoptr(GArray) set = fake_guest_poll_set(hv);
        (void)poll((struct pollfd *)set->data, set->len, -1);
        eventfd_t ignored;
        (void)eventfd_read(hv->wake_fd, &ignored);
        g_autoptr(GArray) queue = NULL;
        {
            LOCK_GUARD(&hv->lock);
            if (hv->stop) {
                return NULL;
            }
            GHashTableIter iter;
            gpointer domain;
            g_hash_table_iter_init(&iter, hv->domains);
            while (g_hash_table_iter_next(&iter, NULL, &domain)) {
                fake_guest_read_lines(hv, domain);
            }
            queue = g_steal_pointer(&hv->queue);
            hv->queue = g_array_new(FALSE, FALSE, sizeof(FakeEvent));
        }
        for (unsigned i = 0; i < queue->len; i++) {
            fake_guest_tell(hv, &g_array_index(queue, FakeEvent, i));
        }
    }
}

void fake_guest_queue(Hv *hv, FakeEvent event)
{
    g_array_append_val(hv->queue, event);
    eventfd_write(hv->wake_fd, 1);
}

void fake_guest_exit(Hv *hv, FakeDomain *domain, HvExitReason reason)
{
    FakeState *state = &domain->state;
    state->state = HV_STATE_SHUTDOWN;
    (void)fake_domain_save(hv, domain, NULL);
    fake_guest_queue(hv, (FakeEvent){state->uuid, state->start_ticket, false, reason});
}

void fake_guest_say(const FakeDomain *domain, const char *text)
{
    for (unsigned i = 0; i < domain->lines->len; i++) {
        int line = g_array_index(domain->lines, int, i);
        (void)send(line, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static GArray *fake_guest_poll_set(Hv *hv)
{
    GArray *set = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    struct pollfd entry = {.fd = hv->wake_fd, .events = POLLIN};
    g_array_append_val(set, entry);
    LOCK_GUARD(&hv->lock);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, hv->domains);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const FakeDomain *domain = value;
        for (unsigned i = 0; i < domain->lines->len; i++) {
            entry.fd = g_array_index(domain->lines, int, i);
            g_array_append_val(set, entry);
        }
    }
    return set;
}

static void fake_guest_read_lines(Hv *hv, FakeDomain *domain)
{
    for (unsigned i = domain->lines->len; i-- > 0;) {
        char text[64];
        ssize_t got = recv(g_array_index(domain->lines, int, i), text, sizeof text, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            g_array_remove_index(domain->lines, i);
        }
        for (ssize_t j = 0; j < got && domain->state.state == HV_STATE_RUNNING; j++) {
            fake_guest_obey(hv, domain, text[j]);
        }
    }
}

static void fake_guest_obey(Hv *hv, FakeDomain *domain, char letter)
{
    FakeState *state = &domain->state;
    char answer[2] = {letter, '\0'};
    switch (letter) {
    case 'p':
        fake_guest_exit(hv, domain, HV_EXIT_SHUTDOWN);
        return;
    case 'r':
        fake_guest_exit(hv, domain, HV_EXIT_REBOOT);
        return;
    case 'c':
        fake_guest_exit(hv, domain, HV_EXIT_CRASH);
        return;
    case '+':
        answer[0] = (char)('A' + ++state->counter);
        break;
    case 'w':
        state->disk_byte = (char)('A' + state->counter);
        answer[0] = '.';
        break;
    case 'd':
        answer[0] = state->disk_byte;
        break;
    default:
        break;
    }
    (void)fake_domain_save(hv, domain, NULL);
    fake_guest_say(domain, answer);
}

static void fake_guest_tell(Hv *hv, const FakeEvent *event)
{
    const HvEvents *to = &hv->events;
    if (event->guest_changed && to->guest_changed) {
        to->guest_changed(to->user, event->domain);
    } else if (!event->guest_changed && to->domain_exited) {
        to->domain_exited(to->user, event->domain, event->start_ticket, event->reason);
    }
}
