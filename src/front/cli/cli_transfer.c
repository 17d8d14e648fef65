/* Transfers are done by xe; the daemon's HTTP handlers finish the task that tells how they went. */
#include "front/cli/cli_transfer.h"

#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_error.h"
#include "front/cli/cli_output.h"
#include "net/thincli.h"

#define TASK_POLL_SECONDS 30.0

static bool await_response(Cli *cli, bool *ret_ok, Err **err);
static bool run_with_task(Cli *cli, const CliTransfer *transfer, Uuid task, char **ret_result,
                          Err **err);
static char *full_path(Cli *cli, const CliTransfer *transfer, Uuid task);
static bool await_task(Cli *cli, Uuid task, bool xe_succeeded, Value **ret_record, Err **err);
static bool await_change(Cli *cli, Uuid task, char **token, Err **err);
static bool judge(Cli *cli, const CliTransfer *transfer, const Value *task, bool xe_succeeded,
                  Err **err);

char *cli_transfer_receive(Cli *cli, Err **err)
{
    if (!cli_output_flush(cli)) {
        err_set(err, "CLI_EXIT");
        return NULL;
    }
    g_autoptr(GByteArray) data = g_byte_array_new();
    for (;;) {
        g_auto(ThinCliMessage) message = {0};
        if (!thincli_read(cli->stream, cli->op, THINCLI_MAX_FROM_CLIENT, &message, err)) {
            return NULL;
        }
        if (message.kind == THINCLI_BLOB && message.tag == THINCLI_END) {
            break;
        }
        if (message.kind != THINCLI_BLOB) {
            err_internal(err, "xe sent a message of kind %d instead of a file", (int)message.kind);
            return NULL;
        }
        guint start = data->len;
        if (message.number > CLI_MAX_FILE || start + (guint)message.number > CLI_MAX_FILE) {
            err_internal(err, "the file is larger than %d bytes", CLI_MAX_FILE);
            return NULL;
        }
        g_byte_array_set_size(data, start + (guint)message.number);
        if (!stream_read_exact(cli->stream, cli->op, data->data + start, (size_t)message.number,
                               err)) {
            return NULL;
        }
    }
    g_byte_array_append(data, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&data), FALSE);
}

char *cli_transfer_load(Cli *cli, const char *what, const char *file, Err **err)
{
    bool ok = false;
    thincli_append_text(cli->out, THINCLI_LOAD, file);
    if (!await_response(cli, &ok, err)) {
        return NULL;
    }
    if (!ok) {
        cli_output_stderr(cli, "Cannot read the %s.\n", what);
        err_set(err, "CLI_EXIT");
        return NULL;
    }
    return cli_transfer_receive(cli, err);
}

bool cli_transfer_run(Cli *cli, const CliTransfer *transfer, char **ret_result, Err **err)
{
    g_autoptr(Value) task = cli_api_call(
        cli, "task.create",
        cli_api_params(value_new_string(transfer->label), value_new_string(""), NULL), err);
    if (!task) {
        return false;
    }
    bool ok = run_with_task(cli, transfer, value_uuid(task), ret_result, err);
    cli_api_do(cli, "task.destroy", cli_api_params(value_ref(task), NULL), NULL);
    return ok;
}

bool cli_transfer_connect(Cli *cli, const char *url, Err **err)
{
    bool ok = false;
    thincli_append_text(cli->out, THINCLI_HTTP_CONNECT, url);
    return await_response(cli, &ok, err) && (ok || err_set(err, "CLI_EXIT"));
}

void cli_transfer_append(GString *path, const char *name, const char *value)
{
    g_autofree char *text = g_uri_escape_string(value, ":,/", FALSE);
    g_string_append_printf(path, "%c%s=%s", strchr(path->str, '?') ? '&' : '?', name, text);
}

/* Heartbeats are skipped. */
static bool await_response(Cli *cli, bool *ret_ok, Err **err)
{
    if (!cli_output_flush(cli)) {
        return err_set(err, "CLI_EXIT");
    }
    for (;;) {
        g_auto(ThinCliMessage) message = {0};
        if (!thincli_read(cli->stream, cli->op, THINCLI_MAX_FROM_CLIENT, &message, err)) {
            return false;
        }
        if (message.kind != THINCLI_RESPONSE) {
            return err_internal(err, "xe sent a message of kind %d instead of a response",
                                (int)message.kind);
        }
        if (message.tag != THINCLI_WAIT) {
            *ret_ok = message.tag == THINCLI_OK;
            return true;
        }
    }
}

static bool run_with_task(Cli *cli, const CliTransfer *transfer, Uuid task, char **ret_result,
                          Err **err)
{
    g_autofree char *path = full_path(cli, transfer, task);
    bool xe_succeeded = false;
    /* A negative progress says that no handler has taken the task yet. */
    if (!cli_api_set(cli, "task", task, "progress", value_new_float(-1.0), err)) {
        return false;
    }
    thincli_append_transfer(cli->out, transfer->is_upload ? THINCLI_HTTP_PUT : THINCLI_HTTP_GET,
                            transfer->file, path);
    if (!await_response(cli, &xe_succeeded, err)) {
        return false;
    }
    g_autoptr(Value) record = NULL;
    if (!await_task(cli, task, xe_succeeded, &record, err) ||
        !judge(cli, transfer, record, xe_succeeded, err)) {
        return false;
    }
    if (ret_result) {
        *ret_result = g_strdup(value_get_string(record, "result"));
    }
    return true;
}

static char *full_path(Cli *cli, const CliTransfer *transfer, Uuid task)
{
    g_autoptr(GString) path = g_string_new(transfer->path);
    cli_transfer_append(path, "session_id", REF_TEXT(cli->caller.session));
    cli_transfer_append(path, "task_id", REF_TEXT(task));
    return g_string_free(g_steal_pointer(&path), FALSE);
}

/* Waits until the task has ended. When xe failed before any handler took it, nobody ever will. */
static bool await_task(Cli *cli, Uuid task, bool xe_succeeded, Value **ret_record, Err **err)
{
    g_autofree char *token = g_strdup("");
    for (;;) {
        g_autoptr(Value) record = cli_api_record(cli, "task", task, err);
        if (!record) {
            return false;
        }
        bool is_pending = text_equal(value_get_string(record, "status"), "pending");
        bool is_untaken = value_float(value_get(record, "progress")) < 0;
        if (!is_pending || (!xe_succeeded && is_untaken)) {
            *ret_record = g_steal_pointer(&record);
            return true;
        }
        if (cli_is_gone(cli)) {
            return err_set(err, "CLI_EXIT");
        }
        if (!await_change(cli, task, &token, err)) {
            return false;
        }
    }
}

static bool await_change(Cli *cli, Uuid task, char **token, Err **err)
{
    g_autofree char *class_name = g_strdup_printf("task/%s", REF_TEXT(task));
    Value *classes = value_new_array(1);
    value_array_add(classes, value_new_string(class_name));
    g_autoptr(Value) batch = cli_api_call(
        cli, "event.from",
        cli_api_params(classes, value_new_string(*token), value_new_float(TASK_POLL_SECONDS), NULL),
        err);
    if (!batch) {
        return false;
    }
    const char *next = value_get_string(batch, "token");
    g_free(*token);
    *token = g_strdup(next ? next : "");
    return true;
}

static bool judge(Cli *cli, const CliTransfer *transfer, const Value *task, bool xe_succeeded,
                  Err **err)
{
    const char *status = value_get_string(task, "status");
    const Value *info = value_get(task, "error_info");
    if (text_equal(status, "success") && xe_succeeded) {
        if (transfer->announces && *transfer->file) {
            cli_output_print(cli, "%s done", transfer->done);
        }
        return true;
    }
    if (text_equal(status, "cancelled")) {
        cli_output_stderr(cli, "%s was cancelled.\n", transfer->done);
        return err_set(err, "CLI_EXIT");
    }
    if (value_count(info) > 0) {
        g_autoptr(GPtrArray) params = g_ptr_array_new();
        for (unsigned i = 1; i < value_count(info); i++) {
            g_ptr_array_add(params, (char *)value_string(value_at(info, i)));
        }
        g_ptr_array_add(params, NULL);
        return err_setv(err, __FILE__, __LINE__, value_string(value_at(info, 0)),
                        (const char *const *)params->pdata);
    }
    cli_output_stderr(cli, "%s failed for an unknown reason.\n", transfer->done);
    return err_set(err, "CLI_EXIT");
}
