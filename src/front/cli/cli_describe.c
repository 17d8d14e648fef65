/* A reference does not tell its class, so classes are asked one after the other: first those that
 * the error speaks of, by the name of the parameter, by the class that goes before a reference, and
 * by the beginning of its code. What is found, or not, holds until the command ends. */
#include "front/cli/cli_describe.h"

#include "base/text.h"
#include "front/cli/cli_api.h"
#include "gen/errors.h"

static char *describe(Cli *cli, const char *text, const GPtrArray *records);
static char *ask(Cli *cli, const GPtrArray *records, Uuid ref);
static void add_named(GPtrArray *records, const char *class_name);
static void add_owner(GPtrArray *records, const char *code);
static void add_all(GPtrArray *records);
static void add_once(GPtrArray *records, const CliRecord *record);

char *cli_describe_ref(Cli *cli, const char *text, const char *class_name)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    add_named(records, class_name);
    add_all(records);
    return describe(cli, text, records);
}

char *cli_describe_param(Cli *cli, const Err *error, unsigned index)
{
    const char *const *names = err_param_names(error->code);
    unsigned name_count = names ? g_strv_length((char **)names) : 0;
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    add_named(records, index < name_count ? names[index] : NULL);
    add_named(records, index > 0 ? error->params[index - 1] : NULL);
    if (records->len == 0 || !err_is(error, "HANDLE_INVALID")) {
        add_owner(records, error->code);
        add_all(records);
    }
    return describe(cli, error->params[index], records);
}

static char *describe(Cli *cli, const char *text, const GPtrArray *records)
{
    Uuid ref;
    if (!g_str_has_prefix(text, "OpaqueRef:") || !value_ref_parse(text, &ref) ||
        uuid_is_null(ref)) {
        return g_strdup(text);
    }
    const char *known = g_hash_table_lookup(cli->descriptions, text);
    if (!known) {
        char *found = ask(cli, records, ref);
        known = found ? found : g_strdup(text);
        g_hash_table_insert(cli->descriptions, g_strdup(text), (char *)known);
    }
    return g_strdup(known);
}

static char *ask(Cli *cli, const GPtrArray *records, Uuid ref)
{
    for (unsigned i = 0; i < records->len; i++) {
        const CliRecord *record = g_ptr_array_index(records, i);
        g_autoptr(Value) found = cli_api_record(cli, record->class_name, ref, NULL);
        if (found) {
            const char *uuid = value_get_string(found, "uuid");
            const char *label = value_get_string(found, "name_label");
            return label ? g_strdup_printf("%s (%s)", uuid, label) : g_strdup(uuid);
        }
    }
    return NULL;
}

static void add_named(GPtrArray *records, const char *class_name)
{
    for (unsigned i = 0; class_name && i < cli_family_count; i++) {
        const CliRecord *record = cli_families[i].record;
        if (g_ascii_strcasecmp(record->class_name, class_name) == 0) {
            add_once(records, record);
            return;
        }
    }
}

/* SR_HAS_PBD is about an SR, VM_APPLIANCE_... about an appliance and not about a VM. */
static void add_owner(GPtrArray *records, const char *code)
{
    const CliRecord *owner = NULL;
    size_t longest = 0;
    for (unsigned i = 0; i < cli_family_count; i++) {
        const CliRecord *record = cli_families[i].record;
        size_t length = strlen(record->class_name);
        if (length > longest && g_ascii_strncasecmp(code, record->class_name, length) == 0 &&
            code[length] == '_') {
            owner = record;
            longest = length;
        }
    }
    if (owner) {
        add_once(records, owner);
    }
}

static void add_all(GPtrArray *records)
{
    for (unsigned i = 0; i < cli_family_count; i++) {
        add_once(records, cli_families[i].record);
    }
}

static void add_once(GPtrArray *records, const CliRecord *record)
{
    if (!g_ptr_array_find(records, record, NULL)) {
        g_ptr_array_add(records, (CliRecord *)record);
    }
}
