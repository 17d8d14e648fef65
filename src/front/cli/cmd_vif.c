/* Virtual interfaces. What only calls one message is in the command tables. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "gen/xe_table.h"

static char *random_mac(void);

bool cmd_vif_create(Cli *cli, Err **err)
{
    Uuid vm, network;
    if (!cli_api_find_param(cli, "VM", "vm-uuid", &vm, err) ||
        !cli_api_find_param(cli, "network", "network-uuid", &network, err)) {
        return false;
    }
    g_autoptr(Value) mtu = cli_api_field(cli, "network", network, "MTU", err);
    if (!mtu) {
        return false;
    }
    const char *given = cli_args_get_or(cli->args, "mac", "");
    g_autofree char *mac = text_equal(given, "random") ? random_mac() : g_strdup(given);
    Value *record = value_new_struct(8);
    value_struct_add_static(record, "device", value_new_string(cli_args_get(cli->args, "device")));
    value_struct_add_static(record, "network", value_new_ref(network));
    value_struct_add_static(record, "VM", value_new_ref(vm));
    value_struct_add_static(record, "MAC", value_new_string(mac));
    value_struct_add_static(record, "MTU", value_ref(mtu));
    value_struct_add_static(record, "other_config", value_new_struct(0));
    value_struct_add_static(record, "qos_algorithm_type", value_new_string(""));
    value_struct_add_static(record, "qos_algorithm_params", value_new_struct(0));
    return cli_api_show_new(
        cli, "VIF", cli_api_call(cli, "VIF.create", cli_api_params(record, NULL), err), err);
}

bool cmd_vif_unplug(Cli *cli, Err **err)
{
    Uuid vif;
    bool is_forced = false;
    return cli_api_find_param(cli, "VIF", "uuid", &vif, err) &&
           cli_args_get_bool(cli->args, "force", false, &is_forced, err) &&
           cli_api_do(cli, is_forced ? "VIF.unplug_force" : "VIF.unplug",
                      cli_api_params(value_new_ref(vif), NULL), err);
}

/* A locally administered unicast address. */
static char *random_mac(void)
{
    Uuid random = uuid_generate();
    const uint8_t *b = random.bytes;
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (b[0] & 0xfc) | 0x02, b[1], b[2], b[3],
                           b[4], b[5]);
}
