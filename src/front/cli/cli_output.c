/* Formats what commands print and sends it as thin CLI messages. */
#include "front/cli/cli_output.h"

#include "net/thincli.h"

enum { FLUSH_SIZE = 64 * 1024 };

static void append_padding(GString *out, size_t width, size_t used);
static char *format_row(GPtrArray *row);
static void collect(Cli *cli, GPtrArray *values);
static void append_escaped(GString *out, const char *value);
static void send_text(Cli *cli, ThinCliTag tag, const char *text);

GPtrArray *cli_output_row_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

void cli_output_row_add(GPtrArray *row, const char *name, const char *value)
{
    g_ptr_array_add(row, g_strdup(name));
    g_ptr_array_add(row, g_strdup(value));
}

void cli_output_table(Cli *cli, GPtrArray *rows)
{
    if (!cli->is_minimal) {
        for (unsigned i = 0; i < rows->len; i++) {
            g_autofree char *text = format_row(g_ptr_array_index(rows, i));
            send_text(cli, THINCLI_PRINT, text);
        }
        return;
    }
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    for (unsigned i = 0; i < rows->len; i++) {
        GPtrArray *row = g_ptr_array_index(rows, i);
        if (row->len == 0) {
            return;
        }
        g_ptr_array_add(values, g_ptr_array_index(row, 1));
    }
    if (values->len > 0) {
        collect(cli, values);
    }
}

void cli_output_list(Cli *cli, const char *const *items)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    for (; *items; items++) {
        if (cli->is_minimal) {
            g_ptr_array_add(values, (char *)*items);
        } else {
            send_text(cli, THINCLI_PRINT, *items);
        }
    }
    if (cli->is_minimal) {
        collect(cli, values);
    }
}

void cli_output_item(Cli *cli, const char *item)
{
    cli_output_list(cli, (const char *const[]){item, NULL});
}

void cli_output_remark(Cli *cli, const char *text)
{
    if (!cli->is_minimal) {
        send_text(cli, THINCLI_PRINT, text);
    }
}

void cli_output_print(Cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, args);
    va_end(args);
    send_text(cli, THINCLI_PRINT, text);
}

void cli_output_stderr(Cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, args);
    va_end(args);
    send_text(cli, THINCLI_PRINT_STDERR, text);
}

void cli_output_error(Cli *cli, const char *code, const char *const *params)
{
    thincli_append_error(cli->out, code, params);
}

/* What was printed last stands first: scripts know the order from XenServer. */
void cli_output_finish(Cli *cli)
{
    if (!cli->is_minimal) {
        return;
    }
    g_autoptr(GString) line = g_string_new(NULL);
    for (unsigned i = cli->shown->len; i > 0; i--) {
        g_string_append(line, g_ptr_array_index(cli->shown, i - 1));
        g_string_append(line, i > 1 ? "," : "");
    }
    send_text(cli, THINCLI_PRINT, line->str);
}

bool cli_output_flush(Cli *cli)
{
    if (cli->out->len > 0 && !cli->is_broken) {
        cli->is_broken =
            !stream_write_all(cli->stream, cli->op, cli->out->data, cli->out->len, NULL);
    }
    g_byte_array_set_size(cli->out, 0);
    return !cli->is_broken;
}

static void append_padding(GString *out, size_t width, size_t used)
{
    for (; used < width; used++) {
        g_string_append_c(out, ' ');
    }
}

/* The first name is padded on its right, the others on their left; an empty line ends it. */
static char *format_row(GPtrArray *row)
{
    size_t width = 0;
    for (unsigned i = 0; i < row->len; i += 2) {
        width = MAX(width, strlen(g_ptr_array_index(row, i)));
    }
    width += 4;
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < row->len; i += 2) {
        const char *name = g_ptr_array_index(row, i);
        if (i > 0) {
            append_padding(text, width, strlen(name));
        }
        g_string_append(text, name);
        if (i == 0) {
            append_padding(text, width, strlen(name));
        }
        g_string_append_printf(text, ": %s\n", (const char *)g_ptr_array_index(row, i + 1));
    }
    if (row->len == 0) {
        g_string_append_c(text, '\n');
    }
    g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}

static void collect(Cli *cli, GPtrArray *values)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (unsigned i = 0; i < values->len; i++) {
        g_string_append(line, i > 0 ? "," : "");
        append_escaped(line, g_ptr_array_index(values, i));
    }
    g_ptr_array_add(cli->shown, g_strdup(line->str));
}

static void append_escaped(GString *out, const char *value)
{
    for (; *value; value++) {
        if (*value == ',' || *value == '\\') {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *value);
    }
}

static void send_text(Cli *cli, ThinCliTag tag, const char *text)
{
    thincli_append_text(cli->out, tag, text);
    if (cli->out->len >= FLUSH_SIZE) {
        cli_output_flush(cli);
    }
}
