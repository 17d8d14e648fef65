/* clearwaterd by JSON-RPC over one kept connection to its unix socket. */
#include "net/client.h"
#include "peer.h"
#include "wire/jsonrpc.h"

#include <string.h>

#define PEER_MAX_ANSWER ((size_t)256 * 1024 * 1024) /* bytes */

typedef struct Clearwater {
    const char *address;
    const char *vm_uuid;
    HttpClient *http;
    Op *op;
    Value *session;
    Value *vm;
    char *list; /* the last answer of list() */
    PeerHeard heard;
    void *user;
} Clearwater;

static char *clearwater_post(Clearwater *self, const char *method, Value *params,
                             size_t *ret_length);
static Value *clearwater_call(Clearwater *self, const char *method, Value *params);
static Value *clearwater_params(Clearwater *self, Value *first);
static void clearwater_act(Clearwater *self, const char *method);
static gpointer clearwater_listen(gpointer peer);

static void *clearwater_open(const char *address, const char *vm_uuid)
{
    g_autoptr(Err) err = NULL;
    Clearwater *self = g_new0(Clearwater, 1);
    self->address = address;
    self->vm_uuid = vm_uuid;
    self->op = op_new(USEC_NEVER);
    Stream *stream = stream_connect_unix(self->op, address, &err);
    peer_check(err);
    self->http = http_client_new(stream, "localhost");
    Value *login = value_new_array(2);
    value_array_add(login, value_new_string("root"));
    value_array_add(login, value_new_string(""));
    self->session = clearwater_call(self, "session.login_with_password", login);
    self->vm =
        clearwater_call(self, "VM.get_by_uuid", clearwater_params(self, value_new_string(vm_uuid)));
    return self;
}

static void clearwater_start(void *peer)
{
    Clearwater *self = peer;
    Value *params = clearwater_params(self, value_ref(self->vm));
    value_array_add(params, value_new_bool(false));
    value_array_add(params, value_new_bool(false));
    value_unref(clearwater_call(self, "VM.start", params));
}

static void clearwater_stop(void *peer)
{
    clearwater_act(peer, "VM.hard_shutdown");
}

static void clearwater_pause(void *peer)
{
    clearwater_act(peer, "VM.pause");
}

static void clearwater_unpause(void *peer)
{
    clearwater_act(peer, "VM.unpause");
}

static bool clearwater_is_running(void *peer)
{
    Clearwater *self = peer;
    g_autoptr(Value) state =
        clearwater_call(self, "VM.get_power_state", clearwater_params(self, value_ref(self->vm)));
    return strcmp(value_string(state), "Running") == 0;
}

/* The answer stays text, as libvirt's does. */
static size_t clearwater_list(void *peer)
{
    Clearwater *self = peer;
    size_t length;
    g_free(self->list);
    self->list =
        clearwater_post(self, "VM.get_all_records", clearwater_params(self, NULL), &length);
    return length;
}

static unsigned clearwater_count(void *peer)
{
    static const char FIELD[] = "\"is_a_template\":"; /* every record has it once */
    const Clearwater *self = peer;
    unsigned count = 0;
    for (const char *at = strstr(self->list, FIELD); at; at = strstr(at + 1, FIELD)) {
        count++;
    }
    return count;
}

/* Over a connection and in a session of its own: the other one goes on to be used. */
static void clearwater_watch(void *peer, PeerHeard heard, void *user)
{
    Clearwater *self = peer;
    Clearwater *watcher = clearwater_open(self->address, self->vm_uuid);
    watcher->heard = heard;
    watcher->user = user;
    g_thread_unref(g_thread_new("watch", clearwater_listen, watcher));
}

const PeerDriver peer_clearwater = {
    .name = "clearwater",
    .open = clearwater_open,
    .start = clearwater_start,
    .stop = clearwater_stop,
    .pause = clearwater_pause,
    .unpause = clearwater_unpause,
    .is_running = clearwater_is_running,
    .list = clearwater_list,
    .count = clearwater_count,
    .watch = clearwater_watch,
};

/* Takes `params` over; returns the answer's whole body. (owned) */
static char *clearwater_post(Clearwater *self, const char *method, Value *params,
                             size_t *ret_length)
{
    static const char *const headers[] = {"content-type", "application/json", NULL};
    g_autoptr(Value) own_params = params;
    g_autoptr(GString) request = g_string_sized_new(256);
    g_autoptr(Err) err = NULL;
    int status;
    char *body = NULL;
    jsonrpc_append_request(request, method, own_params, 1);
    http_client_call(self->http, self->op, "POST", "/jsonrpc", headers, request->str, request->len,
                     PEER_MAX_ANSWER, &status, &body, ret_length, &err);
    peer_check(err);
    return body;
}

static Value *clearwater_call(Clearwater *self, const char *method, Value *params)
{
    size_t length;
    g_autofree char *body = clearwater_post(self, method, params, &length);
    g_autoptr(Err) err = NULL;
    Value *result = jsonrpc_parse_response(body, length, &err);
    peer_check(err);
    return result;
}

/* The session and, unless it is NULL, `first`, which is taken over. */
static Value *clearwater_params(Clearwater *self, Value *first)
{
    Value *params = value_new_array(3);
    value_array_add(params, value_ref(self->session));
    if (first) {
        value_array_add(params, first);
    }
    return params;
}

static void clearwater_act(Clearwater *self, const char *method)
{
    value_unref(clearwater_call(self, method, clearwater_params(self, value_ref(self->vm))));
}

/* event.from answers with what changed since its token, and waits while nothing has. */
static gpointer clearwater_listen(gpointer peer)
{
    Clearwater *self = peer;
    g_autofree char *class_name = g_strdup_printf("VM/%s", value_string(self->vm));
    g_autoptr(Value) token = value_new_string("");
    for (;;) {
        Value *classes = value_new_array(1);
        value_array_add(classes, value_new_string(class_name));
        Value *params = clearwater_params(self, classes);
        value_array_add(params, value_ref(token));
        value_array_add(params, value_new_float(30));
        g_autoptr(Value) answer = clearwater_call(self, "event.from", params);
        value_unref(token);
        token = value_ref(value_get(answer, "token"));
        const Value *events = value_get(answer, "events");
        for (unsigned i = 0; i < value_count(events); i++) {
            const Value *record = value_get(value_at(events, i), "snapshot");
            const char *state = value_get_string(record, "power_state");
            self->heard(self->user, g_strcmp0(state, "Running") == 0);
        }
    }
    return NULL;
}
