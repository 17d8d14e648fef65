/* Selection of virtual machines, hosts and storage repositories.  Their texts are those that
 * scripts know. */
#include "front/cli/cli_select.h"

#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_error.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_filter.h"
#include "front/cli/cli_output.h"
#include "gen/xe_table.h"

enum { DEFAULT_MESSAGE_PRIORITY = 5 };

typedef struct Selector {
    const CliRecord *record;
    const char *keyword;     /* vm=, host=, sr= */
    const char *extra_field; /* a field besides uuid and name_label that the keyword matches */
    const char *none, *many, *only_one;
} Selector;

/* The text for "no repository" is what XenServer says, hosts and all. */
static const Selector selectors[] = {
    [CLI_SELECT_VM] = {&cli_record_vm, "vm", NULL, "No matching VMs found",
                       "Multiple matches VMs found. --multiple required to complete the operation",
                       "Multiple matches VMs found. Operation can only be performed on one VM at a "
                       "time"},
    [CLI_SELECT_HOST] = {&cli_record_host, "host", "hostname", "No matching hosts found",
                         "Multiple matching hosts found. --multiple required to complete the "
                         "operation",
                         "More than one host matches, and this command takes one."},
    [CLI_SELECT_SR] = {&cli_record_sr, "sr", NULL, "No matching hosts found",
                       "Multiple matching SRs found. --multiple required to complete the operation",
                       "More than one SR matches, and this command takes one."},
};

static GArray *fetch_candidates(CliObjects *objects, const Selector *selector, Err **err);
static GArray *fetch_by_uuid(CliObjects *objects, const Selector *selector, const char *uuid);
static void keep_named(const Selector *selector, const char *name, GArray *rows);
static bool apply_params(CliObjects *objects, const Selector *selector, const char *const *ignored,
                         GArray *rows, Err **err);
static bool is_ignored(const Selector *selector, const char *const *ignored, const char *name);
static bool run_all(Cli *cli, CliSelectKind kind, GArray *rows, CliOperation *operation, void *user,
                    Err **err);
static bool run_one(Cli *cli, CliSelectKind kind, const CliRow *row, CliOperation *operation,
                    void *user, Err **err);
static void show_messages(Cli *cli, const CliRow *row, int64_t since);

GArray *cli_select_rows(CliObjects *objects, CliSelectKind kind, unsigned flags,
                        const char *const *ignored, Err **err)
{
    const Selector *selector = &selectors[kind];
    const char *name = cli_args_get(cli_objects_cli(objects)->args, selector->keyword);
    g_autoptr(GArray) rows = fetch_candidates(objects, selector, err);
    if (!rows) {
        return NULL;
    }
    if (name) {
        keep_named(selector, name, rows);
    }
    bool ok = true;
    if (kind == CLI_SELECT_VM && !(flags & CLI_SELECT_TEMPLATES)) {
        ok = cli_filter_apply(objects, selector->record, "is-a-template", "false", rows, err);
    }
    if (ok && kind == CLI_SELECT_VM && !(flags & CLI_SELECT_CONTROL_DOMAINS)) {
        ok = cli_filter_apply(objects, selector->record, "is-control-domain", "false", rows, err);
    }
    if (!ok || !apply_params(objects, selector, ignored, rows, err)) {
        return NULL;
    }
    return g_steal_pointer(&rows);
}

bool cli_select_run(Cli *cli, CliSelectKind kind, unsigned flags, const char *const *ignored,
                    CliOperation *operation, void *user, Err **err)
{
    const Selector *selector = &selectors[kind];
    bool is_multiple = false;
    if (!cli_args_get_bool(cli->args, "multiple", false, &is_multiple, err)) {
        return false;
    }
    bool is_single = cli_args_get(cli->args, "uuid") || cli_args_get(cli->args, selector->keyword);
    g_autoptr(CliObjects) objects = cli_objects_new(cli, !is_single);
    g_autoptr(GArray) rows = cli_select_rows(objects, kind, flags, ignored, err);
    if (!rows) {
        return false;
    }
    if (rows->len == 0) {
        return cli_fail(err, "%s", selector->none);
    }
    if (rows->len == 1) {
        return run_one(cli, kind, &g_array_index(rows, CliRow, 0), operation, user, err);
    }
    if (flags & CLI_SELECT_ONE) {
        return cli_fail(err, "%s", selector->only_one);
    }
    if (!is_multiple && !(flags & CLI_SELECT_MANY)) {
        return cli_fail(err, "%s", selector->many);
    }
    return run_all(cli, kind, rows, operation, user, err);
}

bool cli_select_host_named(Cli *cli, const char *name, Uuid *ret_host, Err **err)
{
    g_autoptr(CliObjects) objects = cli_objects_new(cli, true);
    g_autoptr(GArray) rows = cli_objects_all(objects, "host", NULL, err);
    for (unsigned i = 0; rows && i < rows->len; i++) {
        const CliRow *row = &g_array_index(rows, CliRow, i);
        if (text_equal(value_get_string(row->record, "name_label"), name) ||
            text_equal(value_get_string(row->record, "uuid"), name)) {
            *ret_host = row->ref;
            return true;
        }
    }
    return rows && cli_fail(err, "There is no host called %s.", name);
}

/* A uuid that is given names the only candidate, so nothing else has to be fetched. */
static GArray *fetch_candidates(CliObjects *objects, const Selector *selector, Err **err)
{
    const CliArgs *args = cli_objects_cli(objects)->args;
    const char *uuid = cli_args_get(args, "uuid");
    if (uuid) {
        return fetch_by_uuid(objects, selector, uuid);
    }
    Uuid parsed;
    const char *name = cli_args_get(args, selector->keyword);
    if (name && uuid_parse(name, &parsed)) {
        g_autoptr(GArray) rows = fetch_by_uuid(objects, selector, name);
        if (rows->len > 0) {
            return g_steal_pointer(&rows);
        }
    }
    return cli_objects_all(objects, selector->record->class_name, NULL, err);
}

static GArray *fetch_by_uuid(CliObjects *objects, const Selector *selector, const char *uuid)
{
    const char *class_name = selector->record->class_name;
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(CliRow));
    CliRow row = {0};
    if (cli_api_find(cli_objects_cli(objects), class_name, uuid, &row.ref, NULL)) {
        row.record = cli_objects_find(objects, class_name, row.ref);
    }
    if (row.record) {
        g_array_append_val(rows, row);
    }
    return rows;
}

static void keep_named(const Selector *selector, const char *name, GArray *rows)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < rows->len; i++) {
        CliRow row = g_array_index(rows, CliRow, i);
        const char *extra =
            selector->extra_field ? value_get_string(row.record, selector->extra_field) : NULL;
        if (text_equal(value_get_string(row.record, "uuid"), name) ||
            text_equal(value_get_string(row.record, "name_label"), name) ||
            text_equal(extra, name)) {
            g_array_index(rows, CliRow, kept++) = row;
        }
    }
    g_array_set_size(rows, kept);
}

static bool apply_params(CliObjects *objects, const Selector *selector, const char *const *ignored,
                         GArray *rows, Err **err)
{
    const CliArgs *args = cli_objects_cli(objects)->args;
    for (unsigned i = 0; i < args->params->len; i++) {
        const CliParam *param = &g_array_index(args->params, CliParam, i);
        if (!is_ignored(selector, ignored, param->name) &&
            !cli_filter_apply(objects, selector->record, param->name, param->value, rows, err)) {
            return false;
        }
    }
    return true;
}

static bool is_ignored(const Selector *selector, const char *const *ignored, const char *name)
{
    const char *colon = strchr(name, ':');
    g_autofree char *stem = colon ? g_strndup(name, (gsize)(colon - name)) : g_strdup(name);
    return text_equal(name, selector->keyword) || cli_is_common_param(stem) ||
           (ignored && g_strv_contains(ignored, stem));
}

static bool run_all(Cli *cli, CliSelectKind kind, GArray *rows, CliOperation *operation, void *user,
                    Err **err)
{
    for (unsigned i = 0; i < rows->len; i++) {
        const CliRow *row = &g_array_index(rows, CliRow, i);
        g_autoptr(Err) failure = NULL;
        if (!run_one(cli, kind, row, operation, user, &failure)) {
            g_autofree char *text = cli_error_text(cli, failure);
            g_ptr_array_add(cli->failures,
                            g_strdup_printf("%s: %s", value_get_string(row->record, "uuid"), text));
        }
    }
    return cli->failures->len == 0 || err_set(err, "CLI_MULTIPLE");
}

static bool run_one(Cli *cli, CliSelectKind kind, const CliRow *row, CliOperation *operation,
                    void *user, Err **err)
{
    int64_t since = g_get_real_time() / G_USEC_PER_SEC;
    if (!operation(cli, row, user, err)) {
        return false;
    }
    if (kind == CLI_SELECT_VM) {
        show_messages(cli, row, since);
    }
    return true;
}

/* Messages about the machine that came meanwhile, when they are important enough. */
static void show_messages(Cli *cli, const CliRow *row, int64_t since)
{
    int64_t limit = DEFAULT_MESSAGE_PRIORITY;
    cli_args_get_int(cli->args, "message-priority", DEFAULT_MESSAGE_PRIORITY, &limit, NULL);
    const char *uuid = value_get_string(row->record, "uuid");
    g_autoptr(Value) messages =
        cli_api_call(cli, "message.get",
                     cli_api_params(value_new_string("VM"), value_new_string(uuid),
                                    value_new_datetime(since), NULL),
                     NULL);
    for (unsigned i = 0; messages && i < value_count(messages); i++) {
        const Value *message = value_at(messages, i);
        int64_t priority = value_int(value_get(message, "priority"));
        char time[TEXT_DATETIME_SIZE];
        if (priority < limit && !cli->is_minimal) {
            cli_output_stderr(
                cli, "Message: time=%s priority=%" G_GINT64_FORMAT " name='%s'\n\n",
                text_format_datetime(value_datetime(value_get(message, "timestamp")), time),
                priority, value_get_string(message, "name"));
        }
    }
}
