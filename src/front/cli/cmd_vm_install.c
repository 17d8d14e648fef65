/* vm-install: a new machine from a template. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_vm.h"
#include "gen/xe_table.h"

/* Where the disks of the new machine go. */
typedef struct Placement {
    Uuid sr;       /* null: where the template has its own */
    char *sr_uuid; /* for disks that are made; "": none is needed */
} Placement;

static bool find_template(Cli *cli, Uuid *ret_template, Err **err);
static bool find_template_named(Cli *cli, const char *name, Uuid *ret_template, Err **err);
static bool choose_placement(Cli *cli, Uuid template, bool is_snapshot, Placement *ret, Err **err);
static bool find_sr(Cli *cli, Uuid *ret_sr, Err **err);
static bool find_disk_sr(Cli *cli, Uuid template, Placement *placement, Err **err);
static bool install(Cli *cli, Uuid template, const Placement *placement, Err **err);
static bool prepare(Cli *cli, Uuid vm, Uuid template, const Placement *placement, Err **err);
static bool choose_disk_sr(Cli *cli, Uuid vm, const char *sr_uuid, Err **err);
static char *replace_sr(const char *disks, const char *sr_uuid);

bool cmd_vm_install(Cli *cli, Err **err)
{
    Uuid template;
    if (!find_template(cli, &template, err)) {
        return false;
    }
    g_autoptr(Value) is_template = cli_api_field(cli, "VM", template, "is_a_template", err);
    g_autoptr(Value) is_snapshot =
        is_template ? cli_api_field(cli, "VM", template, "is_a_snapshot", err) : NULL;
    if (!is_snapshot) {
        return false;
    }
    if (!value_bool(is_template)) {
        return cli_fail(err, "This VM is not a template.");
    }
    Placement placement = {0};
    bool ok = choose_placement(cli, template, value_bool(is_snapshot), &placement, err) &&
              install(cli, template, &placement, err);
    g_free(placement.sr_uuid);
    return ok;
}

static bool find_template(Cli *cli, Uuid *ret_template, Err **err)
{
    const char *uuid = cli_args_get(cli->args, "template-uuid");
    if (uuid) {
        return cli_api_find(cli, "VM", uuid, ret_template, NULL) ||
               cli_fail(err, "There is no template with this uuid.");
    }
    const char *name = cli_args_get(cli->args, "template-name-label");
    name = name ? name : cli_args_get(cli->args, "template-name");
    if (name) {
        return find_template_named(cli, name, ret_template, err);
    }
    const char *either = cli_args_get(cli->args, "template");
    if (!either) {
        return cli_fail(err,
                        "Name the template by template, template-uuid or template-name-label.");
    }
    return cli_api_find(cli, "VM", either, ret_template, NULL) ||
           find_template_named(cli, either, ret_template, err);
}

static bool find_template_named(Cli *cli, const char *name, Uuid *ret_template, Err **err)
{
    g_autoptr(Value) vms = cli_api_call(cli, "VM.get_by_name_label",
                                        cli_api_params(value_new_string(name), NULL), err);
    unsigned found = 0;
    for (unsigned i = 0; vms && i < value_count(vms); i++) {
        Uuid vm = value_uuid(value_at(vms, i));
        g_autoptr(Value) record = cli_api_record(cli, "VM", vm, NULL);
        if (record && value_bool(value_get(record, "is_a_template")) &&
            !value_bool(value_get(record, "is_control_domain"))) {
            *ret_template = vm;
            found++;
        }
    }
    if (!vms || found == 1) {
        return vms != NULL;
    }
    return cli_fail(err, found == 0 ? "No template has this name."
                                    : "More than one template has this name; use template-uuid.");
}

static bool choose_placement(Cli *cli, Uuid template, bool is_snapshot, Placement *ret, Err **err)
{
    bool is_chosen = cli_args_get(cli->args, "sr-uuid") || cli_args_get(cli->args, "sr-name-label");
    if (is_snapshot && is_chosen) {
        return cli_fail(err, "A VM made from a snapshot has its disks where the snapshot has them; "
                             "leave out sr-uuid and sr-name-label.");
    }
    return (!is_chosen || find_sr(cli, &ret->sr, err)) && find_disk_sr(cli, template, ret, err);
}

static bool find_sr(Cli *cli, Uuid *ret_sr, Err **err)
{
    Uuid by_uuid = {{0}};
    const char *name = cli_args_get(cli->args, "sr-name-label");
    if (!cli_api_find_optional(cli, "SR", "sr-uuid", &by_uuid, err)) {
        return false;
    }
    if (!name) {
        *ret_sr = by_uuid;
        return true;
    }
    g_autoptr(Value) srs = cli_api_call(cli, "SR.get_by_name_label",
                                        cli_api_params(value_new_string(name), NULL), err);
    if (!srs) {
        return false;
    }
    if (value_count(srs) == 0) {
        return cli_fail(err, "No SR has this name.");
    }
    if (uuid_is_null(by_uuid) && value_count(srs) > 1) {
        return cli_fail(err, "More than one SR has this name; use sr-uuid.");
    }
    for (unsigned i = 0; i < value_count(srs); i++) {
        Uuid sr = value_uuid(value_at(srs, i));
        if (uuid_is_null(by_uuid) || uuid_equal(sr, by_uuid)) {
            *ret_sr = sr;
            return true;
        }
    }
    return cli_fail(err, "sr-uuid and sr-name-label name different SRs.");
}

/* Only templates that describe disks to make need a repository. */
static bool find_disk_sr(Cli *cli, Uuid template, Placement *placement, Err **err)
{
    g_autoptr(Value) config = cli_api_field(cli, "VM", template, "other_config", err);
    if (!config) {
        return false;
    }
    Uuid sr = placement->sr;
    if (uuid_is_null(sr) &&
        !cli_vm_default_sr(cli, "The pool has no default SR; name one by sr-uuid or sr-name-label.",
                           &sr, value_get(config, "disks") ? err : NULL)) {
        placement->sr_uuid = g_strdup("");
        return !value_get(config, "disks");
    }
    placement->sr_uuid = cli_api_uuid(cli, "SR", sr, err);
    return placement->sr_uuid != NULL;
}

/* A machine that cannot be finished is removed again. */
static bool install(Cli *cli, Uuid template, const Placement *placement, Err **err)
{
    Value *params = cli_api_params(
        value_new_ref(template), value_new_string(cli_args_get(cli->args, "new-name-label")), NULL);
    bool is_copy = !uuid_is_null(placement->sr);
    if (is_copy) {
        value_array_add(params, value_new_ref(placement->sr));
    }
    g_autoptr(Value) vm = cli_api_call(cli, is_copy ? "VM.copy" : "VM.clone", params, err);
    if (!vm) {
        return false;
    }
    if (prepare(cli, value_uuid(vm), template, placement, err)) {
        return cli_api_show_new(cli, "VM", value_ref(vm), err);
    }
    cli_api_do(cli, "VM.destroy", cli_api_params(value_ref(vm), NULL), NULL);
    return false;
}

static bool prepare(Cli *cli, Uuid vm, Uuid template, const Placement *placement, Err **err)
{
    g_autoptr(Value) suspend_sr = uuid_is_null(placement->sr)
                                      ? cli_api_field(cli, "VM", template, "suspend_SR", err)
                                      : value_new_ref(placement->sr);
    Uuid bios_host;
    bool ok = suspend_sr &&
              cli_api_set(cli, "VM", vm, "name_description",
                          value_new_string("Made by xe vm-install"), err) &&
              cli_api_set(cli, "VM", vm, "suspend_SR", value_ref(suspend_sr), err) &&
              choose_disk_sr(cli, vm, placement->sr_uuid, err) &&
              cli_api_do(cli, "VM.provision", cli_api_params(value_new_ref(vm), NULL), err);
    if (!ok || !cli_args_get(cli->args, "copy-bios-strings-from")) {
        return ok;
    }
    return cli_api_find_param(cli, "host", "copy-bios-strings-from", &bios_host, err) &&
           cli_api_do(cli, "VM.copy_bios_strings",
                      cli_api_params(value_new_ref(vm), value_new_ref(bios_host), NULL), err);
}

/* Names the repository in the template's description of disks, where provisioning looks for it. */
static bool choose_disk_sr(Cli *cli, Uuid vm, const char *sr_uuid, Err **err)
{
    g_autoptr(Value) config = cli_api_field(cli, "VM", vm, "other_config", err);
    if (!config) {
        return false;
    }
    const char *disks = value_get_string(config, "disks");
    if (!disks) {
        return true;
    }
    g_autofree char *changed = replace_sr(disks, sr_uuid);
    return cli_api_do(cli, "VM.remove_from_other_config",
                      cli_api_params(value_new_ref(vm), value_new_string("disks"), NULL), err) &&
           cli_api_do(cli, "VM.add_to_other_config",
                      cli_api_params(value_new_ref(vm), value_new_string("disks"),
                                     value_new_string(changed), NULL),
                      err);
}

/* Sets the attribute sr="" of every disk element. */
static char *replace_sr(const char *disks, const char *sr_uuid)
{
    static const char attribute[] = " sr=\"";
    g_autoptr(GString) text = g_string_new(NULL);
    const char *rest = disks;
    for (const char *at; (at = strstr(rest, attribute)) != NULL;) {
        const char *value = at + strlen(attribute);
        const char *end = strchr(value, '"');
        if (!end) {
            break;
        }
        g_string_append_len(text, rest, value - rest);
        g_string_append(text, sr_uuid);
        rest = end;
    }
    g_string_append(text, rest);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
