/* Help texts from the command tables. */
#include "front/cli/cli_help.h"

#include "base/text.h"
#include "front/cli/cli_family.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_record.h"

enum { LIST_WIDTH = 74 };

/* One line of help. */
typedef struct Entry {
    char *name;
    bool is_standard;
} Entry;

typedef struct SelectorHelp {
    unsigned flag;
    const char *param;
    const char *text;
} SelectorHelp;

static const SelectorHelp selector_helps[] = {
    {CLI_COMMAND_VM, "<vm-selectors>",
     " Virtual machines are selected by the values of their fields: uuid=<uuid> selects one, "
     "power-state=halted all that are halted, and vm=<name or uuid> goes by either. When more than "
     "one is selected, --multiple must be given. Without selectors all are selected. 'xe vm-list "
     "params=all' shows the fields."},
    {CLI_COMMAND_HOST, "<host-selectors>",
     " Hosts are selected by the values of their fields: uuid=<uuid> selects one, enabled=true all "
     "that are enabled, and host=<name or uuid> goes by host name, name or uuid. When more than "
     "one is selected, --multiple must be given. Without selectors all are selected. 'xe host-list "
     "params=all' shows the fields."},
    {CLI_COMMAND_SR, "<sr-selectors>",
     " Storage repositories are selected by the values of their fields: uuid=<uuid> selects one, "
     "type=nfs all of that type, and sr=<name or uuid> goes by either. When more than one is "
     "selected, --multiple must be given. Without selectors all are selected. 'xe sr-list "
     "params=all' shows the fields."},
};

static void entry_clear(gpointer data);
static GArray *collect_entries(bool standard_only);
static int compare_entries(gconstpointer a, gconstpointer b);
static void show_overview(Cli *cli, bool is_all);
static char *usage_text(bool is_all);
static void show_wrapped(Cli *cli, GArray *entries, const char *prefix, bool is_inverse);
static void show_one(Cli *cli, const char *name);
static GPtrArray *describe_command(const CliCommand *command);
static GPtrArray *describe_generated(const CliFamily *family, CliVerb verb);
static char *generated_params(const CliFamily *family, CliVerb verb);
static char *generated_doc(const CliFamily *family, CliVerb verb);
static GPtrArray *describe(const char *name, const char *required, const char *optional,
                           const char *doc);

void cli_help_run(Cli *cli)
{
    static const char *const ignored[] = {"server",  "username", "password", "port",
                                          "minimal", "all",      NULL};
    bool is_named = false;
    for (unsigned i = 0; i < cli->args->params->len; i++) {
        const CliParam *param = &g_array_index(cli->args->params, CliParam, i);
        if (!g_strv_contains(ignored, param->name)) {
            is_named = true;
            show_one(cli, param->name);
        }
    }
    if (!is_named) {
        show_overview(cli, text_equal(cli_args_get(cli->args, "all"), "true"));
    }
}

const CliCommand *cli_help_find_command(const char *name)
{
    unsigned low = 0, high = cli_command_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        int order = strcmp(name, cli_commands[middle].name);
        if (order == 0) {
            return &cli_commands[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static void entry_clear(gpointer data)
{
    g_free(((Entry *)data)->name);
}

/* All commands that are not hidden, sorted. */
static GArray *collect_entries(bool standard_only)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_array_set_clear_func(entries, entry_clear);
    for (unsigned i = 0; i < cli_command_count; i++) {
        const CliCommand *command = &cli_commands[i];
        bool is_standard = command->flags & CLI_COMMAND_STANDARD;
        if (!(command->flags & CLI_COMMAND_HIDDEN) && (is_standard || !standard_only)) {
            Entry entry = {g_strdup(command->name), is_standard};
            g_array_append_val(entries, entry);
        }
    }
    for (unsigned i = 0; i < cli_family_count; i++) {
        for (CliVerb verb = 0; verb < CLI_VERB_COUNT; verb++) {
            bool is_standard = verb == CLI_VERB_LIST && cli_families[i].is_standard;
            if (cli_family_has(&cli_families[i], verb) && (is_standard || !standard_only)) {
                Entry entry = {cli_family_command(&cli_families[i], verb), is_standard};
                g_array_append_val(entries, entry);
            }
        }
    }
    g_array_sort(entries, compare_entries);
    return entries;
}

static int compare_entries(gconstpointer a, gconstpointer b)
{
    return strcmp(((const Entry *)a)->name, ((const Entry *)b)->name);
}

static void show_overview(Cli *cli, bool is_all)
{
    g_autoptr(GArray) entries = collect_entries(!is_all);
    if (cli->is_minimal) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (unsigned i = 0; i < entries->len; i++) {
            g_ptr_array_add(names, g_array_index(entries, Entry, i).name);
        }
        g_ptr_array_add(names, NULL);
        cli_output_list(cli, (const char *const *)names->pdata);
        return;
    }
    g_autofree char *usage = usage_text(is_all);
    cli_output_item(cli, usage);
    if (!is_all) {
        show_wrapped(cli, entries, "", false);
        return;
    }
    show_wrapped(cli, entries, "host-", false);
    cli_output_item(cli, "    ");
    show_wrapped(cli, entries, "vm-", false);
    cli_output_item(cli, "    ");
    show_wrapped(cli, entries, NULL, true);
}

static char *usage_text(bool is_all)
{
    static const char usage[] =
        "Usage:\n"
        "  xe <command>\n"
        "    [ -s <server> ]            Host to talk to (this one by default)\n"
        "    [ -p <port> ]              Port number on that host\n"
        "    [ -u <username> -pw <password> | -pwf <password file> ]\n"
        "                               Credentials, given directly or in a file\n"
        "    [ --nossl ]                Connect without TLS\n"
        "    [ --debug ]                Trace the conversation on standard error\n"
        "    [ --debug-on-fail ]        Show that trace only after a failure\n"
        "    [ --traceparent <value> ]  Context for distributed tracing\n"
        "    [ <other arguments> ... ]  Options of the command\n"
        "\n"
        "What one command takes is shown by:\n"
        "  xe help <command>\n"
        "\n";
    return g_strconcat(usage,
                       is_all ? "All commands\n------------\n"
                              : "All commands are listed by:\n"
                                "  xe help --all\n"
                                "\n"
                                "Common commands\n"
                                "---------------\n",
                       NULL);
}

/* The entries that begin with `prefix`; `is_inverse`: those of no prefix of their own. */
static void show_wrapped(Cli *cli, GArray *entries, const char *prefix, bool is_inverse)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (unsigned i = 0; i < entries->len; i++) {
        const char *name = g_array_index(entries, Entry, i).name;
        bool is_other = !g_str_has_prefix(name, "host-") && !g_str_has_prefix(name, "vm-");
        if (is_inverse ? !is_other : !g_str_has_prefix(name, prefix)) {
            continue;
        }
        if (line->len == 0) {
            g_string_printf(line, "    %s", name);
        } else if (line->len + strlen(name) > LIST_WIDTH) {
            cli_output_item(cli, line->str);
            g_string_printf(line, "    %s", name);
        } else {
            g_string_append_printf(line, ", %s", name);
        }
    }
    if (line->len > 0) {
        cli_output_item(cli, line->str);
    }
}

static void show_one(Cli *cli, const char *name)
{
    const CliCommand *command = cli_help_find_command(name);
    const CliFamily *family = NULL;
    CliVerb verb = CLI_VERB_LIST;
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    if (command) {
        g_ptr_array_add(table, describe_command(command));
    } else if (cli_family_find(name, &family, &verb)) {
        g_ptr_array_add(table, describe_generated(family, verb));
    } else {
        g_autofree char *complaint = g_strdup_printf("There is no command '%s'.", name);
        cli_output_item(cli, complaint);
        return;
    }
    cli_output_table(cli, table);
}

static GPtrArray *describe_command(const CliCommand *command)
{
    g_autofree char *required = g_strjoinv(", ", (char **)command->required);
    g_autoptr(GString) optional = g_string_new(NULL);
    g_autoptr(GString) doc = g_string_new(command->doc);
    for (unsigned i = 0; command->optional[i]; i++) {
        g_string_append_printf(optional, "%s%s", i > 0 ? ", " : "", command->optional[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(selector_helps); i++) {
        if (command->flags & selector_helps[i].flag) {
            g_string_append_printf(optional, "%s%s", optional->len > 0 ? ", " : "",
                                   selector_helps[i].param);
            g_string_append(doc, selector_helps[i].text);
        }
    }
    if (command->lacks) {
        g_string_append_printf(doc, " Not available yet: %s.", command->lacks);
    }
    return describe(command->name, required, optional->str, doc->str);
}

static GPtrArray *describe_generated(const CliFamily *family, CliVerb verb)
{
    g_autofree char *name = cli_family_command(family, verb);
    g_autofree char *required = g_strjoinv(", ", (char **)cli_family_required(verb));
    g_autofree char *optional = generated_params(family, verb);
    g_autofree char *doc = generated_doc(family, verb);
    return describe(name, required, optional, doc);
}

static char *generated_params(const CliFamily *family, CliVerb verb)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    if (verb == CLI_VERB_LIST) {
        g_ptr_array_add(names, g_strdup("params"));
    }
    if (verb == CLI_VERB_PARAM_GET || verb == CLI_VERB_PARAM_ADD) {
        g_ptr_array_add(names, g_strdup("param-key"));
    }
    if (verb == CLI_VERB_LIST || verb == CLI_VERB_PARAM_LIST || verb == CLI_VERB_PARAM_GET) {
        g_ptr_array_add(names, g_strdup("database:"));
    }
    g_autoptr(GPtrArray) last = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < family->record->field_count; i++) {
        const CliField *field = &family->record->fields[i];
        if (field->flags & CLI_FIELD_HIDDEN) {
            continue;
        }
        if (verb == CLI_VERB_LIST ||
            (verb == CLI_VERB_PARAM_SET && field->flags & CLI_FIELD_SETTABLE)) {
            g_ptr_array_add(names, g_strdup(field->name));
        }
        if (verb == CLI_VERB_LIST && field->flags & CLI_FIELD_SET) {
            g_ptr_array_add(last, g_strconcat(field->name, ":contains", NULL));
        } else if (verb == CLI_VERB_PARAM_SET && cli_record_is_map_writable(field)) {
            g_ptr_array_add(last, g_strconcat(field->name, ":", NULL));
        }
    }
    g_ptr_array_extend_and_steal(names, g_steal_pointer(&last));
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

static char *generated_doc(const CliFamily *family, CliVerb verb)
{
    g_autoptr(GString) clearable = g_string_new(NULL);
    switch (verb) {
    case CLI_VERB_LIST:
        return g_strdup_printf("List every %s, or those whose fields have the values given. A key "
                               "of a map is written 'map:key=value'.",
                               family->name);
    case CLI_VERB_PARAM_LIST:
        return g_strdup("List all fields of one object.");
    case CLI_VERB_PARAM_GET:
        return g_strdup("Print one field of an object; of a map, with 'param-key=<key>', one "
                        "value.");
    case CLI_VERB_PARAM_SET:
        return g_strdup("Set fields of an object. A key of a map is written 'map:key=value'.");
    case CLI_VERB_PARAM_ADD:
        return g_strdup("Add to a set by 'param-key=<value>', or to a map by 'key=value' pairs.");
    case CLI_VERB_PARAM_REMOVE:
        return g_strdup("Remove a value from a set, or a key from a map.");
    case CLI_VERB_PARAM_CLEAR:
        for (unsigned i = 0; i < family->record->field_count; i++) {
            const CliField *field = &family->record->fields[i];
            if (!(field->flags & CLI_FIELD_HIDDEN) &&
                field->flags & (CLI_FIELD_SETTABLE | CLI_FIELD_SET | CLI_FIELD_MAP)) {
                g_string_append_printf(clearable, "%s%s", clearable->len > 0 ? "," : "",
                                       field->name);
            }
        }
        return g_strdup_printf("Make a field empty (param-name can be %s).", clearable->str);
    case CLI_VERB_COUNT:
        break;
    }
    return g_strdup("");
}

/* The names are what completion scripts look for, blanks and all. */
static GPtrArray *describe(const char *name, const char *required, const char *optional,
                           const char *doc)
{
    GPtrArray *row = cli_output_row_new();
    cli_output_row_add(row, "command name        ", name);
    cli_output_row_add(row, "reqd params     ", required);
    cli_output_row_add(row, "optional params ", optional);
    cli_output_row_add(row, "description     ", doc);
    return row;
}
