/* Messages about objects. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "gen/xe_table.h"

static bool destroy(Cli *cli, const char *uuid, Err **err);
static bool add_time_filter(Cli *cli, const char *name, Value *filters, Err **err);

bool cmd_message_create(Cli *cli, Err **err)
{
    static const CliText objects[] = {
        {"vm-uuid", "VM"},
        {"pool-uuid", "Pool"},
        {"sr-uuid", "SR"},
        {"host-uuid", "Host"},
    };
    int64_t priority = 0;
    if (!text_parse_int(cli_args_get(cli->args, "priority"), &priority)) {
        return cli_fail(err, "The value of 'priority' must be a whole number.");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(objects); i++) {
        const char *uuid = cli_args_get(cli->args, objects[i].name);
        if (uuid) {
            return cli_api_do(
                cli, "message.create",
                cli_api_params(value_new_string(cli_args_get(cli->args, "name")),
                               value_new_int(priority), value_new_string(objects[i].text),
                               value_new_string(uuid),
                               value_new_string(cli_args_get(cli->args, "body")), NULL),
                err);
        }
    }
    return cli_fail(err, "Name the object by vm-uuid, host-uuid, sr-uuid or pool-uuid.");
}

bool cmd_message_destroy(Cli *cli, Err **err)
{
    const char *one = cli_args_get(cli->args, "uuid");
    const char *many = cli_args_get(cli->args, "uuids");
    if (one && many) {
        return cli_fail(err, "Give either uuid or uuids, not both.");
    }
    if (!one && !many) {
        return cli_fail(err, "Name the messages by uuid or uuids.");
    }
    if (one) {
        return destroy(cli, one, err);
    }
    g_auto(GStrv) uuids = g_strsplit(many, ",", -1);
    for (unsigned i = 0; uuids[i]; i++) {
        if (!destroy(cli, uuids[i], err)) {
            return false;
        }
    }
    return true;
}

bool cmd_message_destroy_all(Cli *cli, Err **err)
{
    g_autoptr(Value) filters = value_new_struct(3);
    const char *priority = cli_args_get(cli->args, "priority");
    uint64_t number = 0;
    if (!add_time_filter(cli, "before", filters, err) ||
        !add_time_filter(cli, "after", filters, err)) {
        return false;
    }
    if (priority) {
        if (!text_parse_uint(priority, INT64_MAX, &number)) {
            return cli_fail(err, "The value of 'priority' must be a whole number, 0 or more.");
        }
        value_struct_add_static(filters, "priority", value_new_string(priority));
    }
    return cli_api_do(cli, "message.destroy_all", cli_api_params(g_steal_pointer(&filters), NULL),
                      err);
}

static bool destroy(Cli *cli, const char *uuid, Err **err)
{
    Uuid message;
    return cli_api_find(cli, "message", uuid, &message, err) &&
           cli_api_do(cli, "message.destroy", cli_api_params(value_new_ref(message), NULL), err);
}

static bool add_time_filter(Cli *cli, const char *name, Value *filters, Err **err)
{
    const char *text = cli_args_get(cli->args, name);
    int64_t seconds = 0;
    if (!text) {
        return true;
    }
    if (!text_parse_datetime(text, &seconds)) {
        return cli_fail(err, "The value of '%s' must be a time, such as 2024-01-31T12:00:00Z.",
                        name);
    }
    char datetime[TEXT_DATETIME_SIZE];
    value_struct_add(filters, name, value_new_string(text_format_datetime(seconds, datetime)));
    return true;
}
