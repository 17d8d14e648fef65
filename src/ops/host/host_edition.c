/* The edition and its licence.  Clients of XenServer look for these facts before they offer what a
 * host can do, and take a restriction that is missing for one that holds. */
#include "ops/host/host_edition.h"

/* What would be restricted in a smaller edition. */
static const char *const unrestricted[] = {
    "restrict_vlan",
    "restrict_qos",
    "restrict_pool_attached_storage",
    "restrict_netapp",
    "restrict_equalogic",
    "restrict_pooling",
    "restrict_marathon",
    "restrict_email_alerting",
    "restrict_historical_performance",
    "restrict_rbac",
    "restrict_dmc",
    "restrict_checkpoint",
    "restrict_cpu_masking",
    "restrict_connection",
    "platform_filter",
    "regular_nag_dialog",
    "restrict_vmpr",
    "restrict_vmss",
    "restrict_intellicache",
    "restrict_gpu",
    "restrict_dr",
    "restrict_vif_locking",
    "restrict_storage_xen_motion",
    "restrict_vgpu",
    "restrict_integrated_gpu_passthrough",
    "restrict_vss",
    "restrict_guest_agent_auto_update",
    "restrict_pci_device_for_auto_update",
    "restrict_xen_motion",
    "restrict_guest_ip_setting",
    "restrict_ad",
    "restrict_nested_virt",
    "restrict_live_patching",
    "restrict_set_vcpus_number_live",
    "restrict_pvs_proxy",
    "restrict_igmp_snooping",
    "restrict_rpu",
    "restrict_pool_size",
    "restrict_cbt",
    "restrict_usb_passthrough",
    "restrict_network_sriov",
    "restrict_corosync",
    "restrict_zstd_export",
    "restrict_pool_secret_rotation",
    "restrict_certificate_verification",
    "restrict_updates",
    "restrict_internal_repo_access",
    "restrict_vtpm",
    "restrict_vm_groups",
    "restrict_cluster_address",
    "restrict_vm_start",
    "restrict_vm_appliance_start",
};

/* Facts about a licence that nobody had to buy. */
static const char *const license_facts[][2] = {
    {"sku_type", HOST_EDITION},
    {"sku_marketing_name", "Clearwater"},
    {"expiry", HOST_EDITION_EXPIRY},
    {"grace", "no"},
    {"serialnumber", ""},
    {"sockets", "0"},
    {"productcode", ""},
    {"earlyrelease", "false"},
    {"name", ""},
    {"company", ""},
    {"address1", ""},
    {"address2", ""},
    {"city", ""},
    {"state", ""},
    {"postalcode", ""},
    {"country", ""},
};

static void add_restrictions(Value *map);

Value *host_edition_restrictions(void)
{
    Value *map = value_new_struct(G_N_ELEMENTS(unrestricted) + 2);
    add_restrictions(map);
    return map;
}

Value *host_edition_license_params(const char *version)
{
    Value *map = value_new_struct(G_N_ELEMENTS(license_facts) + G_N_ELEMENTS(unrestricted) + 3);
    for (size_t i = 0; i < G_N_ELEMENTS(license_facts); i++) {
        value_struct_add_static(map, license_facts[i][0], value_new_string(license_facts[i][1]));
    }
    value_struct_add_static(map, "version", value_new_string(version));
    add_restrictions(map);
    return map;
}

/* There is no workload balancer; high availability is told of the other way round. */
static void add_restrictions(Value *map)
{
    for (size_t i = 0; i < G_N_ELEMENTS(unrestricted); i++) {
        value_struct_add_static(map, unrestricted[i], value_new_string("false"));
    }
    value_struct_add_static(map, "restrict_wlb", value_new_string("true"));
    value_struct_add_static(map, "enable_xha", value_new_string("true"));
}
