/* VLANs, tunnels and SR-IOV: what they make is shown by the uuid of the new interface. */
#include "front/cli/cli_api.h"
#include "front/cli/cli_error.h"
#include "gen/xe_table.h"

static bool find_ends(Cli *cli, Uuid *ret_pif, Uuid *ret_network, Err **err);
static bool show_interface(Cli *cli, const char *class_name, Value *made, const char *field,
                           Err **err);

bool cmd_vlan_create(Cli *cli, Err **err)
{
    Uuid pif, network;
    int64_t tag = 0;
    if (!find_ends(cli, &pif, &network, err) ||
        !cli_args_get_int(cli->args, "vlan", 0, &tag, err)) {
        return false;
    }
    Value *vlan = cli_api_call(
        cli, "VLAN.create",
        cli_api_params(value_new_ref(pif), value_new_int(tag), value_new_ref(network), NULL), err);
    return show_interface(cli, "VLAN", vlan, "untagged_PIF", err);
}

/* The uuid of the VLAN's interface does as well as its own. */
bool cmd_vlan_destroy(Cli *cli, Err **err)
{
    Uuid vlan, pif;
    Err *error = NULL;
    if (cli_api_find_param(cli, "VLAN", "uuid", &vlan, &error)) {
        return cli_api_do(cli, "VLAN.destroy", cli_api_params(value_new_ref(vlan), NULL), err);
    }
    if (!cli_api_find_param(cli, "PIF", "uuid", &pif, NULL)) {
        return err_propagate(err, error);
    }
    err_free(error);
    return cli_api_do(cli, "PIF.destroy", cli_api_params(value_new_ref(pif), NULL), err);
}

bool cmd_tunnel_create(Cli *cli, Err **err)
{
    Uuid pif, network;
    if (!find_ends(cli, &pif, &network, err)) {
        return false;
    }
    const char *protocol = cli_args_get_or(cli->args, "protocol", "gre");
    Value *tunnel = cli_api_call(cli, "tunnel.create",
                                 cli_api_params(value_new_ref(pif), value_new_ref(network),
                                                value_new_string(protocol), NULL),
                                 err);
    return show_interface(cli, "tunnel", tunnel, "access_PIF", err);
}

bool cmd_network_sriov_create(Cli *cli, Err **err)
{
    Uuid pif, network;
    if (!find_ends(cli, &pif, &network, err)) {
        return false;
    }
    Value *sriov =
        cli_api_call(cli, "network_sriov.create",
                     cli_api_params(value_new_ref(pif), value_new_ref(network), NULL), err);
    return show_interface(cli, "network_sriov", sriov, "logical_PIF", err);
}

static bool find_ends(Cli *cli, Uuid *ret_pif, Uuid *ret_network, Err **err)
{
    return cli_api_find_param(cli, "network", "network-uuid", ret_network, err) &&
           cli_api_find_param(cli, "PIF", "pif-uuid", ret_pif, err);
}

/* Takes `made` over. */
static bool show_interface(Cli *cli, const char *class_name, Value *made, const char *field,
                           Err **err)
{
    g_autoptr(Value) object = made;
    return object &&
           cli_api_show_new(cli, "PIF",
                            cli_api_field(cli, class_name, value_uuid(object), field, err), err);
}
