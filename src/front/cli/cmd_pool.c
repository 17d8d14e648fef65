/* The pool. What only calls one message is in the command tables. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_describe.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_prompt.h"
#include "front/cli/cli_transfer.h"
#include "gen/xe_table.h"

static bool install_file(Cli *cli, const char *method, const char *what, Err **err);
static bool show_ejected(Cli *cli, Uuid host);
static Value *hypothetical_priorities(Cli *cli, Err **err);
static bool is_local_to(const Value *sr, Uuid host, Cli *cli);
static Value *hosts_of_param(Cli *cli, Err **err);
static Value *machines_on(Cli *cli, const Value *hosts, Err **err);

bool cmd_pool_certificate_install(Cli *cli, Err **err)
{
    return install_file(cli, "pool.certificate_install", "certificate", err);
}

bool cmd_pool_install_ca_certificate(Cli *cli, Err **err)
{
    return install_file(cli, "pool.install_ca_certificate", "certificate", err);
}

bool cmd_pool_crl_install(Cli *cli, Err **err)
{
    return install_file(cli, "pool.crl_install", "CRL", err);
}

bool cmd_pool_install_trusted_certificate(Cli *cli, Err **err)
{
    Uuid pool;
    bool is_ca = false;
    const char *file = cli_args_get(cli->args, "filename");
    if (!cli_api_pool(cli, &pool, err) || !cli_args_get_bool(cli->args, "ca", false, &is_ca, err)) {
        return false;
    }
    g_auto(GStrv) purposes = cli_args_get_list(cli->args, "purpose");
    g_autofree char *content = cli_transfer_load(cli, "certificate", file, err);
    if (!content) {
        return false;
    }
    Value *set = value_new_array(g_strv_length(purposes));
    for (unsigned i = 0; purposes[i]; i++) {
        value_array_add(set, value_new_string(purposes[i]));
    }
    return cli_api_do(cli, "pool.install_trusted_certificate",
                      cli_api_params(value_new_ref(pool), value_new_bool(is_ca),
                                     value_new_string(content), set, NULL),
                      err);
}

bool cmd_pool_join(Cli *cli, Err **err)
{
    bool is_forced = false;
    if (!cli_args_get_bool(cli->args, "force", false, &is_forced, err) ||
        !cli_api_do(cli, is_forced ? "pool.join_force" : "pool.join",
                    cli_api_params(value_new_string(cli_args_get(cli->args, "master-address")),
                                   value_new_string(cli_args_get(cli->args, "master-username")),
                                   value_new_string(cli_args_get(cli->args, "master-password")),
                                   NULL),
                    err)) {
        return false;
    }
    cli_output_item(cli, "The daemon restarts as a member of the pool.");
    return true;
}

bool cmd_pool_eject(Cli *cli, Err **err)
{
    Uuid host;
    bool is_agreed = false;
    if (!cli_api_find_param(cli, "host", "host-uuid", &host, err) ||
        !cli_args_get_bool(cli->args, "force", false, &is_agreed, err)) {
        return false;
    }
    if (!is_agreed) {
        cli_output_print(cli, "WARNING: The host's own storage is wiped when it leaves the pool.");
        cli_output_print(cli, "WARNING: Nothing on it can be brought back.");
        if (show_ejected(cli, host)) {
            cli_output_print(cli, "WARNING: That includes the disks listed here.");
        }
        if (!cli_prompt_confirm(cli, &is_agreed, err)) {
            return false;
        }
    }
    if (!is_agreed) {
        return true;
    }
    if (!cli_api_do(cli, "pool.eject", cli_api_params(value_new_ref(host), NULL), err)) {
        return false;
    }
    cli_output_item(cli, "The host restarts as a pool of its own.");
    return true;
}

bool cmd_pool_emergency_transition_to_master(Cli *cli, Err **err)
{
    if (!cli_api_do(cli, "pool.emergency_transition_to_master", NULL, err)) {
        return false;
    }
    cli_output_item(cli, "The daemon restarts as the pool's coordinator.");
    return true;
}

bool cmd_pool_get_cpu_features(Cli *cli, Err **err)
{
    Uuid pool;
    if (!cli_api_pool(cli, &pool, err)) {
        return false;
    }
    g_autoptr(Value) info = cli_api_field(cli, "pool", pool, "cpu_info", err);
    if (!info) {
        return false;
    }
    GPtrArray *row = cli_output_row_new();
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_ptr_array_add(table, row);
    for (unsigned i = 0; i < value_count(info); i++) {
        if (g_str_has_prefix(value_name_at(info, i), "features")) {
            cli_output_row_add(row, value_name_at(info, i), value_string(value_at(info, i)));
        }
    }
    cli_output_table(cli, table);
    return true;
}

bool cmd_pool_ha_compute_hypothetical_max_host_failures_to_tolerate(Cli *cli, Err **err)
{
    Value *priorities = hypothetical_priorities(cli, err);
    if (!priorities) {
        return false;
    }
    g_autoptr(Value) count =
        cli_api_call(cli, "pool.ha_compute_hypothetical_max_host_failures_to_tolerate",
                     cli_api_params(priorities, NULL), err);
    if (!count) {
        return false;
    }
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value_int(count));
    cli_output_item(cli, text);
    return true;
}

bool cmd_pool_ha_compute_vm_failover_plan(Cli *cli, Err **err)
{
    g_autoptr(Value) hosts = hosts_of_param(cli, err);
    Value *vms = hosts ? machines_on(cli, hosts, err) : NULL;
    if (!vms) {
        return false;
    }
    g_autoptr(Value) plan = cli_api_call(cli, "pool.ha_compute_vm_failover_plan",
                                         cli_api_params(value_ref(hosts), vms, NULL), err);
    if (!plan) {
        return false;
    }
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    GPtrArray *row = cli_output_row_new();
    g_ptr_array_add(table, row);
    for (unsigned i = 0; i < value_count(plan); i++) {
        const Value *fate = value_at(plan, i);
        const char *host = value_get_string(fate, "host");
        const char *error = value_get_string(fate, "error_code");
        g_autofree char *vm = cli_describe_ref(cli, value_name_at(plan, i), "VM");
        g_autofree char *where = host ? cli_describe_ref(cli, host, "host") : NULL;
        cli_output_row_add(row, vm, where ? where : error ? error : "");
    }
    cli_output_table(cli, table);
    return true;
}

/* The name of what is installed is the last part of the file's. */
static bool install_file(Cli *cli, const char *method, const char *what, Err **err)
{
    const char *file = cli_args_get(cli->args, "filename");
    g_autofree char *content = cli_transfer_load(cli, what, file, err);
    g_autofree char *name = g_path_get_basename(file);
    return content &&
           cli_api_do(cli, method,
                      cli_api_params(value_new_string(name), value_new_string(content), NULL), err);
}

/* Lists the disks on storage that only this host has; false when there are none. */
static bool show_ejected(Cli *cli, Uuid host)
{
    g_autoptr(Value) srs = cli_api_call(cli, "SR.get_all_records", NULL, NULL);
    bool is_any = false;
    for (unsigned i = 0; srs && i < value_count(srs); i++) {
        const Value *sr = value_at(srs, i);
        const Value *vdis = value_get(sr, "VDIs");
        if (!is_local_to(sr, host, cli)) {
            continue;
        }
        for (unsigned j = 0; j < value_count(vdis); j++) {
            g_autoptr(Value) vdi = cli_api_record(cli, "VDI", value_uuid(value_at(vdis, j)), NULL);
            if (vdi) {
                cli_output_print(cli, "VDI: %s (%s)", value_get_string(vdi, "uuid"),
                                 value_get_string(vdi, "name_label"));
                is_any = true;
            }
        }
    }
    return is_any;
}

static bool is_local_to(const Value *sr, Uuid host, Cli *cli)
{
    const Value *pbds = value_get(sr, "PBDs");
    if (value_bool(value_get(sr, "shared")) || value_count(pbds) != 1) {
        return false;
    }
    g_autoptr(Value) owner = cli_api_field(cli, "PBD", value_uuid(value_at(pbds, 0)), "host", NULL);
    return owner && uuid_equal(value_uuid(owner), host);
}

/* Pairs of vm-uuid= and restart-priority=, in the order they were given. */
static Value *hypothetical_priorities(Cli *cli, Err **err)
{
    g_autoptr(Value) priorities = value_new_struct(0);
    const char *uuid = NULL;
    for (unsigned i = 0; i < cli->args->params->len; i++) {
        const CliParam *param = &g_array_index(cli->args->params, CliParam, i);
        Uuid vm;
        if (text_equal(param->name, "vm-uuid")) {
            uuid = param->value;
        } else if (text_equal(param->name, "restart-priority")) {
            if (!uuid) {
                cli_fail(err, "Each restart-priority has to follow the vm-uuid it is for.");
                return NULL;
            }
            if (!cli_api_find(cli, "VM", uuid, &vm, err)) {
                return NULL;
            }
            value_struct_add(priorities, REF_TEXT(vm), value_new_string(param->value));
            uuid = NULL;
        }
    }
    return g_steal_pointer(&priorities);
}

static Value *hosts_of_param(Cli *cli, Err **err)
{
    g_auto(GStrv) uuids = cli_args_get_list(cli->args, "host-uuids");
    g_autoptr(Value) hosts = value_new_array(g_strv_length(uuids));
    for (unsigned i = 0; uuids[i]; i++) {
        Uuid host;
        if (!cli_api_find(cli, "host", uuids[i], &host, err)) {
            return NULL;
        }
        value_array_add(hosts, value_new_ref(host));
    }
    return g_steal_pointer(&hosts);
}

/* Machines that run on the hosts, control domains aside. */
static Value *machines_on(Cli *cli, const Value *hosts, Err **err)
{
    g_autoptr(Value) vms = value_new_array(0);
    for (unsigned i = 0; i < value_count(hosts); i++) {
        g_autoptr(Value) residents =
            cli_api_field(cli, "host", value_uuid(value_at(hosts, i)), "resident_VMs", err);
        if (!residents) {
            return NULL;
        }
        for (unsigned j = 0; j < value_count(residents); j++) {
            Uuid vm = value_uuid(value_at(residents, j));
            g_autoptr(Value) is_control = cli_api_field(cli, "VM", vm, "is_control_domain", NULL);
            if (is_control && !value_bool(is_control)) {
                value_array_add(vms, value_new_ref(vm));
            }
        }
    }
    return g_steal_pointer(&vms);
}
