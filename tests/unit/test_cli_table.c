/* The tables of commands, records and families as a whole. */
#include "cli_fixture.h"
#include "front/cli/cli_family.h"
#include "front/cli/cli_help.h"
#include "front/cli/cli_record.h"

/* No command may ask for more than it did then. */
static void check_command(const char *name, char **required)
{
    const CliCommand *command = cli_help_find_command(name);
    const CliFamily *family = NULL;
    CliVerb verb = CLI_VERB_LIST;
    if (!command && !cli_family_find(name, &family, &verb)) {
        g_error("the command %s is not there", name);
    }
    const char *const *asked = command ? command->required : cli_family_required(verb);
    for (; *asked; asked++) {
        if (!g_strv_contains((const char *const *)required, *asked)) {
            g_error("the command %s asks for %s", name, *asked);
        }
    }
}

static void test_commands_of_6_2(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "..", "data", "cli", "commands_6_2.tsv", NULL);
    size_t length = 0;
    g_autofree char *text = fd_read_file(path, 1 << 20, &length, NULL);
    g_assert_nonnull(text);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned count = 0;
    for (unsigned i = 0; lines[i]; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
        if (g_strv_length(cells) == 2) {
            g_auto(GStrv) required = g_strsplit(cells[1], ",", -1);
            check_command(cells[0], required);
            count++;
        }
    }
    g_assert_cmpuint(count, >=, 320);
}

/* The table is searched by halves. */
static void test_table_order(void)
{
    for (unsigned i = 0; i < cli_command_count; i++) {
        g_assert_true(cli_help_find_command(cli_commands[i].name) == &cli_commands[i]);
    }
    g_assert_null(cli_help_find_command("vm"));
}

/* Every field of every record can be shown of an object with nothing but defaults. */
static void test_every_field(void)
{
    g_auto(CliFixture) fixture;
    cli_fixture_init(&fixture);
    for (unsigned i = 0; i < cli_family_count; i++) {
        cli_fixture_add(&fixture, cli_families[i].record->class_name, (char)i, "{}");
    }
    for (unsigned i = 0; i < cli_family_count; i++) {
        const CliFamily *family = &cli_families[i];
        g_autofree char *line =
            g_strdup_printf("%s-param-list uuid=%s", family->name, CLI_UUID((char)i));
        g_auto(CliRunResult) result = cli_fixture_run(&fixture, line);
        g_auto(GStrv) lines = g_strsplit(result.out, "\n", -1);
        unsigned shown = 0;
        for (unsigned j = 0; j < family->record->field_count; j++) {
            shown += !(family->record->fields[j].flags & CLI_FIELD_HIDDEN);
        }
        g_assert_cmpstr(result.err, ==, "");
        g_assert_cmpint(result.exit_status, ==, 0);
        g_assert_cmpuint(g_strv_length(lines), ==, shown + 3);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_table/commands_6_2", test_commands_of_6_2);
    g_test_add_func("/cli_table/order", test_table_order);
    g_test_add_func("/cli_table/every_field", test_every_field);
    return g_test_run();
}
