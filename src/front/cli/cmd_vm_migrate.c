/* vm-migrate: to another host of the pool. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_select.h"
#include "gen/xe_table.h"

/* Where machines go, and how. */
typedef struct Migration {
    Uuid host;
    Value *options;
} Migration;

static bool is_to_other_pool(const CliArgs *args);
static Value *build_options(Cli *cli, Err **err);
static CliOperation migrate_one;

bool cmd_vm_migrate(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"host",  "host-uuid", "host-name", "live",
                                          "force", "copy",      "compress",  NULL};
    const char *host = cli_args_get(cli->args, "host");
    host = host ? host : cli_args_get(cli->args, "host-uuid");
    host = host ? host : cli_args_get(cli->args, "host-name");
    if (is_to_other_pool(cli->args)) {
        return cli_fail(err, "vm-migrate needs migration to another pool, which is not "
                             "available yet.");
    }
    if (!host) {
        return cli_fail(err, "Name the host to move to by host.");
    }
    Migration migration = {0};
    if (!cli_select_host_named(cli, host, &migration.host, err)) {
        return false;
    }
    g_autoptr(Value) options = build_options(cli, err);
    migration.options = options;
    return options && cli_select_run(cli, CLI_SELECT_VM, CLI_SELECT_CONTROL_DOMAINS, ignored,
                                     migrate_one, &migration, err);
}

static bool is_to_other_pool(const CliArgs *args)
{
    static const char *const prefixes[] = {
        "remote-", "vif:", "vdi:", "vgpu:", "image-format", "destination-sr-uuid"};
    for (unsigned i = 0; i < args->params->len; i++) {
        for (unsigned j = 0; j < G_N_ELEMENTS(prefixes); j++) {
            if (g_str_has_prefix(g_array_index(args->params, CliParam, i).name, prefixes[j])) {
                return true;
            }
        }
    }
    return false;
}

static Value *build_options(Cli *cli, Err **err)
{
    static const char *const flags[] = {"force", "live", "copy"};
    g_autoptr(Value) options = value_new_struct(4);
    const char *compress = cli_args_get(cli->args, "compress");
    if (compress) {
        value_struct_add_static(options, "compress", value_new_string(compress));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
        bool is_set = false;
        if (!cli_args_get_bool(cli->args, flags[i], false, &is_set, err)) {
            return NULL;
        }
        value_struct_add(options, flags[i], value_new_string(is_set ? "true" : "false"));
    }
    return g_steal_pointer(&options);
}

static bool migrate_one(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const Migration *migration = user;
    return cli_api_do(cli, "VM.pool_migrate",
                      cli_api_params(value_new_ref(row->ref), value_new_ref(migration->host),
                                     value_ref(migration->options), NULL),
                      err);
}
