/* One thread for each transfer: straight code that blocks, with the caller's task to cancel it. */
#include "front/transfer.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>

enum { CHUNK_BYTES = 256 * 1024 };

/* How long a client may take to close after the last byte.  Some HTTP clients (undici) fail when
 * the server is the first to close an answer whose end they know. */
#define LINGER_TIMEOUT (5 * USEC_PER_SEC)

typedef struct Job {
    Transfer transfer;
    GString *head;
    TransferFunc func;
    void *user;
    GDestroyNotify free_user;
    bool tells_length; /* the client can see where the answer ends */
} Job;

static GString *new_head(const char *const *headers);
static void run(void *user);
static void wait_for_close(Transfer *transfer);

void front_transfer_run(HttpExchange *exchange, const TransferPlan *plan)
{
    Job *job = g_new0(Job, 1);
    const HttpHead *head = http_exchange_head(exchange);
    job->head = new_head(plan->headers);
    job->tells_length = strstr(job->head->str, "\ncontent-length:") != NULL;
    job->func = plan->func;
    job->user = plan->user;
    job->free_user = plan->free_user;
    job->transfer = (Transfer){
        .caller = plan->caller,
        .core = plan->core,
        .op = plan->op,
        .length = head->content_length >= 0 ? head->content_length : TRANSFER_TO_THE_END,
    };
    job->transfer.stream = http_take_over(exchange);
    core_run_operation(plan->core, run, job);
}

ssize_t front_transfer_read(Transfer *transfer, void *buffer, size_t size, Err **err)
{
    bool is_open = transfer->length == TRANSFER_TO_THE_END;
    size_t wanted = is_open ? size : (size_t)MIN((int64_t)size, transfer->length);
    if (wanted == 0) {
        return 0;
    }
    ssize_t length = stream_read(transfer->stream, transfer->op, buffer, wanted, err);
    if (length == 0 && !is_open) {
        err_internal(err, "the upload ended %" G_GINT64_FORMAT " bytes too early",
                     transfer->length);
        return -1;
    }
    if (length > 0 && !is_open) {
        transfer->length -= length;
    }
    return length;
}

bool front_transfer_receive(Transfer *transfer, int fd, int64_t *ret_length, Err **err)
{
    g_autofree char *buffer = g_malloc(CHUNK_BYTES);
    int64_t total = 0;
    ssize_t length;
    while ((length = front_transfer_read(transfer, buffer, CHUNK_BYTES, err)) > 0) {
        if (!fd_write_all(fd, buffer, (size_t)length, err)) {
            return false;
        }
        total += length;
    }
    if (length == 0) {
        *ret_length = total;
    }
    return length == 0;
}

bool front_transfer_send(Transfer *transfer, int fd, Err **err)
{
    g_autofree char *buffer = g_malloc(CHUNK_BYTES);
    ssize_t length;
    while ((length = read(fd, buffer, CHUNK_BYTES)) != 0) {
        if (length < 0 && errno == EINTR) {
            continue;
        }
        if (length < 0) {
            return err_errno(err, errno, "cannot read what is to be sent");
        }
        if (!stream_write_all(transfer->stream, transfer->op, buffer, (size_t)length, err)) {
            return false;
        }
    }
    return true;
}

static GString *new_head(const char *const *headers)
{
    GString *head = g_string_new("HTTP/1.1 200 OK\r\n"
                                 "connection: close\r\n"
                                 "cache-control: no-cache, no-store\r\n");
    http1_append_headers(head, headers);
    return g_string_append(head, "\r\n");
}

static void run(void *user)
{
    Job *job = user;
    Transfer *transfer = &job->transfer;
    g_autoptr(Value) result = NULL;
    g_autoptr(Err) error = NULL;
    bool ok =
        stream_write_all(transfer->stream, transfer->op, job->head->str, job->head->len, &error) &&
        job->func(transfer, job->user, &result, &error);
    if (transfer->caller) {
        front_auth_end(transfer->caller, result, error);
    } else if (error) {
        g_autofree char *text = err_to_string(error);
        log_info("a transfer failed: %s", text);
    }
    if (ok && !job->tells_length) {
        stream_shutdown_write(transfer->stream);
    }
    if (ok) {
        wait_for_close(transfer);
    }
    stream_free(transfer->stream);
    op_unref(transfer->op);
    g_string_free(job->head, TRUE);
    if (job->free_user) {
        job->free_user(job->user);
    }
    g_free(job);
}

/* What the client still sends is read and dropped: closing with unread bytes would reset the
 * connection, and with it the answer. */
static void wait_for_close(Transfer *transfer)
{
    g_autoptr(Op) op = op_new_child(core_op(transfer->core), LINGER_TIMEOUT);
    char rest[4096];
    while (stream_read(transfer->stream, op, rest, sizeof rest, NULL) > 0) {
    }
}
