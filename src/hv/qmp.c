/* The client's side of QMP on one socket.
 *
 * Commands carry a number, answers repeat it: a table leads from the number to the thread that
 * waits.  A thread that gives up takes its entry out, so a late answer finds nobody.  What the
 * commands mean is the business of the callers. */
#include "hv/qmp.h"

#include "base/fd.h"
#include "base/lock.h"
#include "wire/json.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define QMP_READ_CHUNK  ((size_t)16384)
#define QMP_READ_BUDGET 16 /* chunks in one go: other domains have news too */
/* For the answer to a command whose caller was cancelled meanwhile. */
#define QMP_ANSWER_LIMIT   (10 * USEC_PER_SEC)
#define QMP_CLASS_ABSENT   "DeviceNotFound"
#define QMP_CLASS_ORDINARY "GenericError"
#define QMP_REFUSED        "QEMU refused "

/* A command that waits for its answer; lives on the stack of its caller. */
typedef struct Pending {
    bool done;
    Value *message; /* the whole answer; NULL with `done` when the connection ended */
} Pending;

struct Qmp {
    int fd;
    char *name;
    QmpEventFunc on_event;
    void *user;

    GString *input; /* event thread only: the unfinished line */

    Lock lock;
    GCond answered;
    bool shut;
    int64_t last_id;
    GHashTable *pending; /* int64_t * (owned) -> Pending * (borrowed) */
};

static bool qmp_send(Qmp *qmp, const char *command, Value *args, int64_t id, int fd, Err **err);
static void qmp_append_command(GString *out, const char *command, const Value *args, int64_t id);
static bool qmp_write(Qmp *qmp, const GString *text, int fd, Err **err);
static bool qmp_await(Qmp *qmp, Op *op, int64_t id, Pending *pending, Err **err);
static bool qmp_take_answer(const char *command, const Value *message, Value **ret_answer,
                            Err **err);
static bool qmp_split(Qmp *qmp, Err **err);
static bool qmp_dispatch(Qmp *qmp, const char *line, size_t length, Err **err);
static void qmp_deliver(Qmp *qmp, Value *message);

Qmp *qmp_new(int fd, const char *name, QmpEventFunc on_event, void *user)
{
    Qmp *qmp = g_new0(Qmp, 1);
    qmp->fd = fd;
    qmp->name = g_strdup(name);
    qmp->on_event = on_event;
    qmp->user = user;
    qmp->input = g_string_new(NULL);
    lock_init(&qmp->lock, LOCK_HV_DOMAIN);
    g_cond_init(&qmp->answered);
    qmp->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    qmp_post(qmp, "qmp_capabilities", NULL);
    return qmp;
}

void qmp_free(Qmp *qmp)
{
    if (!qmp) {
        return;
    }
    fd_close(&qmp->fd);
    g_free(qmp->name);
    g_string_free(qmp->input, TRUE);
    lock_clear(&qmp->lock);
    g_cond_clear(&qmp->answered);
    g_hash_table_unref(qmp->pending);
    g_free(qmp);
}

int qmp_fd(const Qmp *qmp)
{
    return qmp->fd;
}

bool qmp_read(Qmp *qmp, Err **err)
{
    char chunk[QMP_READ_CHUNK];
    for (unsigned i = 0; i < QMP_READ_BUDGET; i++) {
        ssize_t got = recv(qmp->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return true;
        }
        if (got < 0) {
            return err_errno(err, errno, "cannot read from %s", qmp->name);
        }
        if (got == 0) {
            return err_internal(err, "%s closed the connection", qmp->name);
        }
        g_string_append_len(qmp->input, chunk, got);
        if (!qmp_split(qmp, err)) {
            return false;
        }
    }
    return true;
}

void qmp_shut(Qmp *qmp)
{
    LOCK_GUARD(&qmp->lock);
    qmp->shut = true;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, qmp->pending);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Pending *pending = value;
        pending->done = true;
        g_hash_table_iter_remove(&iter);
    }
    g_cond_broadcast(&qmp->answered);
}

bool qmp_call(Qmp *qmp, Op *op, const char *command, Value *args, Value **ret_answer, Err **err)
{
    return qmp_call_fd(qmp, op, command, args, -1, ret_answer, err);
}

bool qmp_call_fd(Qmp *qmp, Op *op, const char *command, Value *args, int fd, Value **ret_answer,
                 Err **err)
{
    Pending pending = {0};
    int64_t id;
    {
        LOCK_GUARD(&qmp->lock);
        id = ++qmp->last_id;
        g_hash_table_insert(qmp->pending, g_memdup2(&id, sizeof id), &pending);
        if (!qmp_send(qmp, command, args, id, fd, err)) {
            g_hash_table_remove(qmp->pending, &id);
            return false;
        }
    }
    if (!qmp_await(qmp, op, id, &pending, err)) {
        return false;
    }
    g_autoptr(Value) message = pending.message;
    if (!message) {
        return err_internal(err, "%s ended before it answered %s", qmp->name, command);
    }
    return qmp_take_answer(command, message, ret_answer, err);
}

void qmp_post(Qmp *qmp, const char *command, Value *args)
{
    LOCK_GUARD(&qmp->lock);
    /* Number 0 is never waited for. A dead connection is noticed by the reader. */
    (void)qmp_send(qmp, command, args, 0, -1, NULL);
}

bool qmp_error_is_refusal(const Err *err)
{
    return err_is(err, "INTERNAL_ERROR") && err->params[0] &&
           g_str_has_prefix(err->params[0], QMP_REFUSED);
}

bool qmp_error_is_absent(const Err *err)
{
    return qmp_error_is_refusal(err) && strstr(err->params[0], " " QMP_CLASS_ABSENT ":") != NULL;
}

/* Under the lock, so that commands do not mix; the socket takes a command whole or not at all,
 * nothing waits. Takes over `args`. */
static bool qmp_send(Qmp *qmp, const char *command, Value *args, int64_t id, int fd, Err **err)
{
    g_autoptr(Value) owned_args = args;
    if (qmp->shut) {
        return err_internal(err, "cannot send %s: %s has ended", command, qmp->name);
    }
    g_autoptr(GString) text = g_string_new(NULL);
    qmp_append_command(text, command, owned_args, id);
    if (text->len > QMP_MAX_COMMAND) {
        return err_internal(err, "cannot send %s to %s: %zu bytes are too many", command, qmp->name,
                            text->len);
    }
    return qmp_write(qmp, text, fd, err);
}

static void qmp_append_command(GString *out, const char *command, const Value *args, int64_t id)
{
    g_string_append_printf(out, "{\"execute\":\"%s\",\"id\":%" G_GINT64_FORMAT, command, id);
    if (args) {
        g_string_append(out, ",\"arguments\":");
        json_append(out, args);
    }
    g_string_append(out, "}\n");
}

/* A unix stream socket breaks only messages of about half its send buffer (some 100 KiB) and
 * more into pieces, so a short write cannot be a command's. */
static bool qmp_write(Qmp *qmp, const GString *text, int fd, Err **err)
{
    struct iovec piece = {.iov_base = text->str, .iov_len = text->len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    ssize_t sent;
    do {
        sent = sendmsg(qmp->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return err_errno(err, errno, "cannot send a command to %s", qmp->name);
    }
    if ((size_t)sent != text->len) {
        shutdown(qmp->fd, SHUT_RDWR);
        return err_internal(err, "cannot send a command to %s: it does not take any", qmp->name);
    }
    return true;
}

/* QEMU has the command, so what it did with it must be known: being cancelled is put off. */
static bool qmp_await(Qmp *qmp, Op *op, int64_t id, Pending *pending, Err **err)
{
    g_autoptr(Op) patience = op_ref(op);
    LOCK_GUARD(&qmp->lock);
    while (!pending->done) {
        if (op_wait(patience, &qmp->answered, &qmp->lock.mutex, NULL)) {
            continue;
        }
        if (patience == op && op_is_cancelled(op)) {
            /* The answer may have come meanwhile. */
            op_unref(patience);
            patience = op_new(QMP_ANSWER_LIMIT);
            continue;
        }
        (void)op_check(op, err);
        g_hash_table_remove(qmp->pending, &id);
        value_unref(pending->message);
        return false;
    }
    return true;
}

static bool qmp_take_answer(const char *command, const Value *message, Value **ret_answer,
                            Err **err)
{
    const Value *error = value_get(message, "error");
    if (error) {
        const char *class = value_get_string(error, "class");
        const char *text = value_get_string(error, "desc");
        bool ordinary = !class || g_str_equal(class, QMP_CLASS_ORDINARY);
        return err_internal(err, QMP_REFUSED "%s: %s%s%s", command, ordinary ? "" : class,
                            ordinary ? "" : ": ", text ? text : "no reason given");
    }
    Value *answer = value_get(message, "return");
    if (!answer) {
        return err_internal(err, "QEMU answered %s with neither result nor error", command);
    }
    if (ret_answer) {
        *ret_answer = value_ref(answer);
    }
    return true;
}

/* Hands out the complete lines of the input and keeps the rest. */
static bool qmp_split(Qmp *qmp, Err **err)
{
    size_t done = 0;
    char *end;
    while ((end = memchr(qmp->input->str + done, '\n', qmp->input->len - done))) {
        const char *line = qmp->input->str + done;
        size_t length = (size_t)(end - line);
        done += length + 1;
        if (!qmp_dispatch(qmp, line, length, err)) {
            return false;
        }
    }
    g_string_erase(qmp->input, 0, (gssize)done);
    if (qmp->input->len > QMP_MAX_MESSAGE) {
        return err_internal(err, "%s sent a message of more than %zu bytes", qmp->name,
                            QMP_MAX_MESSAGE);
    }
    return true;
}

static bool qmp_dispatch(Qmp *qmp, const char *line, size_t length, Err **err)
{
    g_autoptr(Err) why = NULL;
    g_autoptr(Value) message = json_parse_wide(line, length, &why);
    if (!message || value_kind(message) != VALUE_STRUCT) {
        return err_internal(err, "%s sent something that is not QMP", qmp->name);
    }
    const char *event = value_get_string(message, "event");
    if (event) {
        qmp->on_event(qmp->user, event, value_get(message, "data"));
    } else {
        qmp_deliver(qmp, message);
    }
    return true;
}

/* Answers of qmp_post(), late ones and the greeting find nobody. */
static void qmp_deliver(Qmp *qmp, Value *message)
{
    const Value *id = value_get(message, "id");
    if (!id || value_kind(id) != VALUE_INT) {
        return;
    }
    int64_t number = value_int(id);
    LOCK_GUARD(&qmp->lock);
    Pending *pending = g_hash_table_lookup(qmp->pending, &number);
    if (pending) {
        pending->message = value_ref(message);
        pending->done = true;
        g_hash_table_remove(qmp->pending, &number);
        g_cond_broadcast(&qmp->answered);
    }
}
