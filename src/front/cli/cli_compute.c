/* Fields that are no fields of the API: rates of devices, and views of several objects.  The
 * tables of records name these functions. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_objects.h"
#include "front/cli/cli_record.h"
#include "front/cli/cli_value.h"
#include "gen/xe_table.h"

#define UNKNOWN "<unknown>"

typedef char *DescribeVariant(const Value *variant);

static char *query_rate(CliObjects *objects, const char *class_name, Uuid ref, const char *source);
static char *device_rate(CliObjects *objects, const Value *device, const char *prefix,
                         const char *suffix);
static char *name_of(CliObjects *objects, const char *class_name, Uuid ref);
static const Value *metrics_of(CliObjects *objects, const Value *pif);
static char *is_variant(CliObjects *objects, Uuid self, const Value *variant, const char *field);
static char *join_variants(CliObjects *objects, const Value *driver, DescribeVariant *describe);
static char *variant_version(const Value *variant);
static char *variant_uuid(const Value *variant);
static char *variant_status(const Value *variant);
static char *variant_present(const Value *variant);

char *cli_compute_sr_host(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    const Value *pbds = value_get(record, "PBDs");
    if (value_count(pbds) > 1) {
        return g_strdup("<shared>");
    }
    const Value *pbd = value_count(pbds) == 1
                           ? cli_objects_find(objects, "PBD", value_uuid(value_at(pbds, 0)))
                           : NULL;
    const Value *host = pbd ? value_get(pbd, "host") : NULL;
    return host ? name_of(objects, "host", value_uuid(host)) : g_strdup(CLI_RECORD_NOWHERE);
}

char *cli_compute_vbd_vdi_name(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    if (value_bool(value_get(record, "empty"))) {
        return g_strdup("<EMPTY>");
    }
    return name_of(objects, "VDI", value_uuid(value_get(record, "VDI")));
}

char *cli_compute_vbd_attachable(CliObjects *objects, Uuid self, const Value *record)
{
    (void)record;
    g_autoptr(Err) reason = NULL;
    if (cli_api_do(cli_objects_cli(objects), "VBD.assert_attachable",
                   cli_api_params(value_new_ref(self), NULL), &reason)) {
        return g_strdup("true");
    }
    g_autofree char *text = err_to_string(reason);
    return g_strdup_printf("false (error: %s)", text);
}

char *cli_compute_vbd_io_read(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    return device_rate(objects, record, "vbd", "read");
}

char *cli_compute_vbd_io_write(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    return device_rate(objects, record, "vbd", "write");
}

char *cli_compute_vif_io_read(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    return device_rate(objects, record, "vif", "rx");
}

char *cli_compute_vif_io_write(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    return device_rate(objects, record, "vif", "tx");
}

char *cli_compute_pif_io_read(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    g_autofree char *source = g_strdup_printf("pif_%s_rx", value_get_string(record, "device"));
    return query_rate(objects, "host", value_uuid(value_get(record, "host")), source);
}

char *cli_compute_pif_io_write(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    g_autofree char *source = g_strdup_printf("pif_%s_tx", value_get_string(record, "device"));
    return query_rate(objects, "host", value_uuid(value_get(record, "host")), source);
}

char *cli_compute_pif_speed(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    const Value *metrics = metrics_of(objects, record);
    return metrics ? g_strdup_printf("%" G_GINT64_FORMAT " Mbit/s",
                                     value_int(value_get(metrics, "speed")))
                   : g_strdup(CLI_RECORD_NOWHERE);
}

char *cli_compute_pif_duplex(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    const Value *metrics = metrics_of(objects, record);
    if (!metrics) {
        return g_strdup(CLI_RECORD_NOWHERE);
    }
    if (value_bool(value_get(metrics, "duplex"))) {
        return g_strdup("full");
    }
    return g_strdup(value_bool(value_get(metrics, "carrier")) ? "half" : "unknown");
}

char *cli_compute_host_cpu_utilisation(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    g_autofree char *source =
        g_strdup_printf("cpu%" G_GINT64_FORMAT, value_int(value_get(record, "number")));
    g_autoptr(Value) share =
        cli_api_call(cli_objects_cli(objects), "host.query_data_source",
                     cli_api_params(value_new_ref(value_uuid(value_get(record, "host"))),
                                    value_new_string(source), NULL),
                     NULL);
    return share ? cli_value_scalar(share) : g_strdup(UNKNOWN);
}

char *cli_compute_vm_vcpus_utilisation(CliObjects *objects, Uuid self, const Value *record)
{
    const Value *metrics =
        cli_objects_find(objects, "VM_metrics", value_uuid(value_get(record, "metrics")));
    int64_t count = metrics ? value_int(value_get(metrics, "VCPUs_number")) : 0;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int64_t i = 0; i < count; i++) {
        g_autofree char *source = g_strdup_printf("cpu%" G_GINT64_FORMAT, i);
        g_autoptr(Value) share =
            cli_api_call(cli_objects_cli(objects), "VM.query_data_source",
                         cli_api_params(value_new_ref(self), value_new_string(source), NULL), NULL);
        if (!share) {
            break;
        }
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT ": %.3f", i > 0 ? "; " : "", i,
                               value_float(share));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *cli_compute_vm_last_boot_record(CliObjects *objects, Uuid self, const Value *record)
{
    (void)objects;
    (void)self;
    const char *text = value_get_string(record, "last_booted_record");
    return g_strdup_printf("'%s'", text ? text : "");
}

char *cli_compute_pool_vswitch_controller(CliObjects *objects, Uuid self, const Value *record)
{
    (void)objects;
    (void)self;
    const char *address = value_get_string(record, "vswitch_controller");
    return g_strdup(address && *address ? address : "<not set>");
}

char *cli_compute_vdi_metadata_of_pool(CliObjects *objects, Uuid self, const Value *record)
{
    Uuid pool = value_uuid(value_get(record, "metadata_of_pool"));
    const Value *local = cli_objects_find(objects, "pool", pool);
    if (local || uuid_is_null(pool)) {
        return g_strdup(local ? value_get_string(local, "uuid") : CLI_RECORD_NOWHERE);
    }
    g_autoptr(Value) uuid = cli_api_call(cli_objects_cli(objects), "VDI.read_database_pool_uuid",
                                         cli_api_params(value_new_ref(self), NULL), NULL);
    bool is_known = uuid && *value_string(uuid);
    return g_strdup(is_known ? value_string(uuid) : CLI_RECORD_NOWHERE);
}

char *cli_compute_vgpu_compatibility(CliObjects *objects, Uuid self, const Value *record)
{
    (void)objects;
    (void)self;
    const Value *map = value_get(record, "compatibility_metadata");
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; map && i < value_count(map); i++) {
        g_string_append_printf(text, "%s%s:(%zu bytes)", i > 0 ? "; " : "", value_name_at(map, i),
                               value_string_length(value_at(map, i)));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *cli_compute_vgpu_type_resolution(CliObjects *objects, Uuid self, const Value *record)
{
    (void)objects;
    (void)self;
    return g_strdup_printf("%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT,
                           value_int(value_get(record, "max_resolution_x")),
                           value_int(value_get(record, "max_resolution_y")));
}

char *cli_compute_driver_variant_active(CliObjects *objects, Uuid self, const Value *record)
{
    return is_variant(objects, self, record, "active_variant");
}

char *cli_compute_driver_variant_selected(CliObjects *objects, Uuid self, const Value *record)
{
    return is_variant(objects, self, record, "selected_variant");
}

char *cli_compute_driver_variant_priority(CliObjects *objects, Uuid self, const Value *record)
{
    (void)objects;
    (void)self;
    return g_strdup_printf("%5.1f", value_float(value_get(record, "priority")));
}

char *cli_compute_host_driver_variants(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    return join_variants(objects, record, variant_version);
}

char *cli_compute_host_driver_variant_uuids(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    return join_variants(objects, record, variant_uuid);
}

char *cli_compute_host_driver_variant_states(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    return join_variants(objects, record, variant_status);
}

char *cli_compute_host_driver_variants_present(CliObjects *objects, Uuid self, const Value *record)
{
    (void)self;
    return join_variants(objects, record, variant_present);
}

/* The content of a TPM is never shown. */
char *cli_compute_vtpm_secret(CliObjects *objects, Uuid self, const Value *record)
{
    (void)objects;
    (void)self;
    (void)record;
    return g_strdup("<secret>");
}

/* KiB/s of a data source that counts bytes. */
static char *query_rate(CliObjects *objects, const char *class_name, Uuid ref, const char *source)
{
    g_autofree char *method = g_strdup_printf("%s.query_data_source", class_name);
    g_autoptr(Value) rate =
        cli_api_call(cli_objects_cli(objects), method,
                     cli_api_params(value_new_ref(ref), value_new_string(source), NULL), NULL);
    return rate ? g_strdup_printf("%.3f", value_float(rate) / 1024) : g_strdup(UNKNOWN);
}

static char *device_rate(CliObjects *objects, const Value *device, const char *prefix,
                         const char *suffix)
{
    const char *name = value_get_string(device, "device");
    g_autofree char *source = g_strdup_printf("%s_%s_%s", prefix, name ? name : "", suffix);
    return query_rate(objects, "VM", value_uuid(value_get(device, "VM")), source);
}

static char *name_of(CliObjects *objects, const char *class_name, Uuid ref)
{
    const Value *record = cli_objects_find(objects, class_name, ref);
    const char *label = record ? value_get_string(record, "name_label") : NULL;
    return g_strdup(label ? label : CLI_RECORD_NOWHERE);
}

static const Value *metrics_of(CliObjects *objects, const Value *pif)
{
    return cli_objects_find(objects, "PIF_metrics", value_uuid(value_get(pif, "metrics")));
}

static char *is_variant(CliObjects *objects, Uuid self, const Value *variant, const char *field)
{
    const Value *driver =
        cli_objects_find(objects, "Host_driver", value_uuid(value_get(variant, "driver")));
    const Value *chosen = driver ? value_get(driver, field) : NULL;
    return g_strdup(chosen && uuid_equal(value_uuid(chosen), self) ? "true" : "false");
}

/* What `describe` says of each variant; NULL leaves one out. */
static char *join_variants(CliObjects *objects, const Value *driver, DescribeVariant *describe)
{
    const Value *refs = value_get(driver, "variants");
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; refs && i < value_count(refs); i++) {
        const Value *variant =
            cli_objects_find(objects, "Driver_variant", value_uuid(value_at(refs, i)));
        g_autofree char *item = variant ? describe(variant) : NULL;
        if (item) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", item);
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *variant_version(const Value *variant)
{
    return g_strdup_printf("%s/%s", value_get_string(variant, "name"),
                           value_get_string(variant, "version"));
}

static char *variant_uuid(const Value *variant)
{
    return g_strdup_printf("%s/%s", value_get_string(variant, "name"),
                           value_get_string(variant, "uuid"));
}

static char *variant_status(const Value *variant)
{
    return g_strdup_printf("%s=%s", value_get_string(variant, "name"),
                           value_get_string(variant, "status"));
}

static char *variant_present(const Value *variant)
{
    return value_bool(value_get(variant, "hardware_present"))
               ? g_strdup(value_get_string(variant, "name"))
               : NULL;
}
