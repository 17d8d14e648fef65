/* How failures look on the user's terminal. */
#include "front/cli/cli_error.h"

#include "front/cli/cli.h"
#include "front/cli/cli_describe.h"
#include "front/cli/cli_output.h"
#include "gen/errors.h"

/* Failures of the command line that are followed by the usage hint. */
static const CliText hinted[] = {
    {"CLI_UNKNOWN", "Unknown command"},
    {"CLI_SYNTAX", "Syntax error"},
    {"CLI_REQUIRED", "Required parameter not found"},
    {NULL, NULL},
};

static void report_with_hint(Cli *cli, const char *what, const char *detail);
static void report_authentication(Cli *cli, const Err *error);
static void report_failures(Cli *cli);
static void report_code(Cli *cli, const Err *error);
static GPtrArray *describe_params(Cli *cli, const Err *error);

void cli_error_report(Cli *cli, const Err *error)
{
    const char *detail = error->params[0] ? error->params[0] : "";
    for (const CliText *hint = hinted; hint->name; hint++) {
        if (err_is(error, hint->name)) {
            report_with_hint(cli, hint->text, detail);
            return;
        }
    }
    if (err_is(error, "CLI_EXIT")) {
        return;
    }
    if (err_is(error, "CLI_MULTIPLE")) {
        report_failures(cli);
    } else if (err_is(error, "CLI_FAILURE")) {
        cli_output_stderr(cli, "Error: %s\n", detail);
    } else if (err_is(error, "CLI_NO_FIELD")) {
        cli_output_error(cli, "Missing parameter", (const char *const[]){detail, NULL});
    } else if (err_is(error, "SESSION_AUTHENTICATION_FAILED")) {
        report_authentication(cli, error);
    } else {
        report_code(cli, error);
    }
}

char *cli_error_text(Cli *cli, const Err *error)
{
    if (err_is(error, "CLI_FAILURE")) {
        return g_strdup(error->params[0]);
    }
    const char *description = err_description(error->code);
    if (!description) {
        return err_to_string(error);
    }
    g_autoptr(GPtrArray) lines = describe_params(cli, error);
    g_autofree char *params = g_strjoinv("\n", (char **)lines->pdata);
    return g_strdup_printf("%s\n%s", description, params);
}

static void report_with_hint(Cli *cli, const char *what, const char *detail)
{
    cli_output_stderr(cli, "%s: %s\n", what, detail);
    cli_output_stderr(cli, "For usage run: 'xe help'\n");
}

static void report_authentication(Cli *cli, const Err *error)
{
    bool is_named = error->params[0] && *error->params[0];
    cli_output_stderr(cli, "%s\n",
                      is_named ? "Authentication failed" : "Username/password must be specified");
    cli_output_stderr(cli, "For usage run: 'xe help'\n");
}

static void report_failures(Cli *cli)
{
    for (unsigned i = 0; i < cli->failures->len; i++) {
        cli_output_print(cli, "operation failed on %s",
                         (const char *)g_ptr_array_index(cli->failures, i));
    }
}

/* Codes nobody described are for the client to show. */
static void report_code(Cli *cli, const Err *error)
{
    const char *description = err_description(error->code);
    if (description) {
        cli_output_stderr(cli, "%s\n", description);
        g_autoptr(GPtrArray) lines = describe_params(cli, error);
        for (unsigned i = 0; i + 1 < lines->len; i++) {
            cli_output_stderr(cli, "%s\n", (const char *)g_ptr_array_index(lines, i));
        }
        return;
    }
    g_autoptr(GPtrArray) params = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; error->params[i]; i++) {
        g_ptr_array_add(params, cli_describe_param(cli, error, i));
    }
    g_ptr_array_add(params, NULL);
    cli_output_error(cli, error->code, (const char *const *)params->pdata);
}

/* "<name>: <value>" lines, NULL-terminated; names and values may differ in number. */
static GPtrArray *describe_params(Cli *cli, const Err *error)
{
    const char *const *names = err_param_names(error->code);
    unsigned name_count = names ? g_strv_length((char **)names) : 0;
    unsigned value_count = g_strv_length(error->params);
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < MAX(name_count, value_count); i++) {
        g_autofree char *value =
            i < value_count ? cli_describe_param(cli, error, i) : g_strdup("<unknown>");
        g_ptr_array_add(lines,
                        g_strdup_printf("%s: %s", i < name_count ? names[i] : "<extra>", value));
    }
    g_ptr_array_add(lines, NULL);
    return lines;
}
