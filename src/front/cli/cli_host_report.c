/* The table that vm-start and diagnostic-vm-status show. A host that will do has "OK". */
#include "front/cli/cli_host_report.h"

#include "front/cli/cli_api.h"
#include "front/cli/cli_describe.h"
#include "front/cli/cli_output.h"

#define NO_REFERENCE "<unknown>"

/* A phrase that stands alone, or has one parameter of the error behind it. */
typedef struct Phrase {
    const char *code;
    const char *text;
    int param; /* its index; -1: none */
} Phrase;

static const Phrase phrases[] = {
    {"VM_REQUIRES_SR", "no way to the SR ", 1},
    {"VM_REQUIRES_NETWORK", "no way to the network ", 1},
    {"HOST_CANNOT_ATTACH_NETWORK", "cannot join the network ", 1},
    {"HOST_DISABLED", "disabled; 'xe host-enable' changes that", -1},
    {"HOST_DISABLED_INDEFINITELY", "disabled until 'xe host-enable'", -1},
    {"HOST_NOT_LIVE", "not running", -1},
    {"HOST_NOT_ENOUGH_FREE_MEMORY", "too little free memory", -1},
    {"VM_HVM_REQUIRED", "no hardware virtualisation", -1},
};

static char *two_params(const Err *refusal);

void cli_host_report_show(Cli *cli, Uuid vm)
{
    g_autoptr(Value) hosts = cli_api_call(cli, "host.get_all", NULL, NULL);
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    GPtrArray *row = cli_output_row_new();
    g_ptr_array_add(table, row);
    for (unsigned i = 0; hosts && i < value_count(hosts); i++) {
        Uuid host = value_uuid(value_at(hosts, i));
        g_autoptr(Value) name = cli_api_field(cli, "host", host, "name_label", NULL);
        g_autoptr(Err) refusal = NULL;
        g_autofree char *verdict = NULL;
        if (cli_api_do(cli, "VM.assert_can_boot_here",
                       cli_api_params(value_new_ref(vm), value_new_ref(host), NULL), &refusal)) {
            verdict = g_strdup("OK");
        } else {
            g_autofree char *reason = cli_host_report_reason(cli, refusal);
            verdict = g_strdup_printf("No: %s", reason);
        }
        cli_output_row_add(row, name ? value_string(name) : "", verdict);
    }
    cli_output_table(cli, table);
}

char *cli_host_report_reason(Cli *cli, const Err *refusal)
{
    unsigned count = g_strv_length(refusal->params);
    for (unsigned i = 0; i < G_N_ELEMENTS(phrases); i++) {
        const Phrase *phrase = &phrases[i];
        if (!err_is(refusal, phrase->code)) {
            continue;
        }
        if (phrase->param < 0) {
            return g_strdup(phrase->text);
        }
        g_autofree char *name = (unsigned)phrase->param < count
                                    ? cli_describe_param(cli, refusal, (unsigned)phrase->param)
                                    : g_strdup(NO_REFERENCE);
        return g_strconcat(phrase->text, name, NULL);
    }
    char *text = count == 2 ? two_params(refusal) : NULL;
    if (text) {
        return text;
    }
    g_autofree char *name = count == 1 ? cli_describe_param(cli, refusal, 0) : NULL;
    if (name && err_is(refusal, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED")) {
        return g_strdup_printf("not every host shares the SR %s; it has to be marked as shared and "
                               "plugged on all of them",
                               name);
    }
    if (name && err_is(refusal, "HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED")) {
        return g_strdup_printf(
            "not every host reaches the network %s; give each of them a PIF on it, or none", name);
    }
    return err_to_string(refusal);
}

static char *two_params(const Err *refusal)
{
    if (err_is(refusal, "HOST_NOT_ENOUGH_PCPUS")) {
        return g_strdup_printf("too few processors: %s wanted, %s there", refusal->params[0],
                               refusal->params[1]);
    }
    if (err_is(refusal, "INVALID_VALUE")) {
        return g_strdup_printf("%s cannot be %s", refusal->params[0], refusal->params[1]);
    }
    return NULL;
}
