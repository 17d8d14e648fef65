/* Options of xe from the command line, XE_EXTRA_ARGS, ~/.xe and defaults.  The command's own
 * parameters are not looked at here: the server parses them. */
#include "xe/xe_options.h"

#include "base/fd.h"
#include "base/text.h"

enum { PASSWORD_FILE_LIMIT = 64 * 1024 };

/* Options while they are being collected. */
typedef struct Collector {
    XeOptions *options;
    char *password_file;
    GPtrArray *rest; /* where arguments for the server go */
} Collector;

/* A switch of the command line and the keyword it stands for. */
typedef struct Switch {
    const char *name;
    const char *keyword;
    const char *value; /* NULL: the next argument */
} Switch;

static const Switch switches[] = {
    {"-s", "server", NULL},
    {"-h", "server", NULL},
    {"-p", "port", NULL},
    {"-u", "username", NULL},
    {"-pw", "password", NULL},
    {"-pwf", "passwordfile", NULL},
    {"--traceparent", "traceparent", NULL},
    {"--nossl", "nossl", "true"},
    {"--debug", "debug", "true"},
    {"--debug-on-fail", "debugonfail", "true"},
};

static void set_defaults(XeOptions *options);
static bool read_rc(Collector *collector, const char *text, Err **err);
static GPtrArray *split_rc(const char *text);
static GPtrArray *split_extra_args(const char *text);
static bool process(Collector *collector, const char *const *args, Err **err);
static bool process_one(Collector *collector, const char *const *args, unsigned *ret_used,
                        Err **err);
static bool set_keyword(Collector *collector, const char *keyword, const char *value,
                        bool *ret_known, Err **err);
static bool read_password_file(XeOptions *options, const char *path, Err **err);
static bool is_help_asked(const char *const *args);

void xe_options_clear(XeOptions *options)
{
    g_free(options->server);
    g_free(options->username);
    secret_free(options->password);
    g_free(options->traceparent);
    g_clear_pointer(&options->args, g_ptr_array_unref);
    *options = (XeOptions){0};
}

bool xe_options_parse(const XeOptionSources *sources, const char *const *args,
                      XeOptions *ret_options, Err **err)
{
    g_auto(XeOptions) options = {0};
    set_defaults(&options);
    g_autoptr(GPtrArray) from_rc = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) from_env = g_ptr_array_new_with_free_func(g_free);
    Collector collector = {.options = &options, .rest = from_rc};

    bool ok = !sources->rc_text || read_rc(&collector, sources->rc_text, err);
    if (ok && sources->extra_args) {
        g_autoptr(GPtrArray) extra = split_extra_args(sources->extra_args);
        collector.rest = from_env;
        ok = process(&collector, (const char *const *)extra->pdata, err);
    }
    collector.rest = options.args;
    ok = ok && process(&collector, args, err);
    if (ok && is_help_asked(args)) {
        ok = err_set(err, "XE_USAGE", "");
    }
    if (ok && collector.password_file) {
        ok = read_password_file(&options, collector.password_file, err);
    }
    g_free(collector.password_file);
    if (!ok) {
        return false;
    }
    g_ptr_array_extend_and_steal(options.args, g_steal_pointer(&from_env));
    g_ptr_array_extend_and_steal(options.args, g_steal_pointer(&from_rc));
    *ret_options = options;
    options = (XeOptions){0};
    return true;
}

GPtrArray *xe_options_named_values(const XeOptions *options)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < options->args->len; i++) {
        const char *value = strchr(g_ptr_array_index(options->args, i), '=');
        if (value) {
            g_ptr_array_add(values, g_strstrip(g_strdup(value + 1)));
        }
    }
    return values;
}

static void set_defaults(XeOptions *options)
{
    options->server = g_strdup(XE_LOCAL_SERVER);
    options->port = -1;
    options->username = g_strdup("root");
    options->password = secret_new("null");
    options->tls = true;
    options->args = g_ptr_array_new_with_free_func(g_free);
}

/* Keys of ~/.xe that are no options of xe are given to the command. */
static bool read_rc(Collector *collector, const char *text, Err **err)
{
    g_autoptr(GPtrArray) pairs = split_rc(text);
    if (!pairs) {
        fprintf(stderr, "Error parsing rc file. No defaults loaded\n");
        return true;
    }
    for (unsigned i = 0; i < pairs->len; i++) {
        const char *pair = g_ptr_array_index(pairs, i);
        const char *equals = strchr(pair, '=');
        g_autofree char *keyword = g_strndup(pair, (gsize)(equals - pair));
        bool known = false;
        if (!set_keyword(collector, keyword, equals + 1, &known, err)) {
            return false;
        }
        if (!known) {
            g_ptr_array_add(collector->rest, g_strdup(pair));
        }
    }
    return true;
}

/* "key=value" texts; NULL when a line that is not blank is none. */
static GPtrArray *split_rc(const char *text)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        const char *equals = strchr(line, '=');
        if (*line == '\0') {
            continue;
        }
        if (!equals || equals == line) {
            return NULL;
        }
        g_autofree char *key = g_strstrip(g_strndup(line, (gsize)(equals - line)));
        g_autofree char *value = g_strstrip(g_strdup(equals + 1));
        g_ptr_array_add(pairs, g_strdup_printf("%s=%s", key, value));
    }
    return g_steal_pointer(&pairs);
}

/* Commas separate, a backslash takes the next character as it is; NULL-terminated. */
static GPtrArray *split_extra_args(const char *text)
{
    GPtrArray *args = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) part = g_string_new(NULL);
    for (const char *at = text;; at++) {
        if (*at == '\\' && at[1] != '\0') {
            g_string_append_c(part, *++at);
        } else if (*at != ',' && *at != '\0') {
            g_string_append_c(part, *at);
        } else {
            if (part->len > 0) {
                g_ptr_array_add(args, g_strdup(part->str));
            }
            g_string_truncate(part, 0);
            if (*at == '\0') {
                break;
            }
        }
    }
    g_ptr_array_add(args, NULL);
    return args;
}

static bool process(Collector *collector, const char *const *args, Err **err)
{
    while (*args) {
        unsigned used = 0;
        if (!process_one(collector, args, &used, err)) {
            return false;
        }
        args += used;
    }
    return true;
}

/* Takes one option, or hands one argument on to the server. */
static bool process_one(Collector *collector, const char *const *args, unsigned *ret_used,
                        Err **err)
{
    bool known = false;
    for (unsigned i = 0; i < G_N_ELEMENTS(switches); i++) {
        const Switch *option = &switches[i];
        if (text_equal(args[0], option->name) && (option->value || args[1])) {
            *ret_used = option->value ? 1 : 2;
            const char *value = option->value ? option->value : args[1];
            return set_keyword(collector, option->keyword, value, &known, err);
        }
    }
    *ret_used = 1;
    const char *equals = strchr(args[0], '=');
    if (equals) {
        g_autofree char *keyword = g_strndup(args[0], (gsize)(equals - args[0]));
        if (!set_keyword(collector, keyword, equals + 1, &known, err)) {
            return false;
        }
    }
    if (!known) {
        g_ptr_array_add(collector->rest, g_strdup(args[0]));
    }
    return true;
}

static bool set_keyword(Collector *collector, const char *keyword, const char *value,
                        bool *ret_known, Err **err)
{
    XeOptions *options = collector->options;
    bool truth = text_equal(value, "true");
    *ret_known = true;
    if (text_equal(keyword, "port")) {
        uint64_t port = 0;
        if (!text_parse_uint(value, UINT16_MAX, &port)) {
            return err_set(err, "XE_USAGE", "The port must be a number from 0 to 65535.");
        }
        options->port = (int)port;
    } else if (text_equal(keyword, "server")) {
        g_free(options->server);
        options->server = g_strdup(value);
    } else if (text_equal(keyword, "username")) {
        g_free(options->username);
        options->username = g_strdup(value);
    } else if (text_equal(keyword, "password")) {
        secret_free(options->password);
        options->password = secret_new(value);
    } else if (text_equal(keyword, "passwordfile")) {
        g_free(collector->password_file);
        collector->password_file = g_strdup(value);
    } else if (text_equal(keyword, "traceparent")) {
        g_free(options->traceparent);
        options->traceparent = g_strdup(value);
    } else if (text_equal(keyword, "nossl")) {
        options->tls = !truth;
    } else if (text_equal(keyword, "debug")) {
        options->debug = truth;
    } else if (text_equal(keyword, "debugonfail")) {
        options->debug_on_fail = truth;
    } else {
        *ret_known = false;
    }
    return true;
}

static bool read_password_file(XeOptions *options, const char *path, Err **err)
{
    size_t length = 0;
    g_autofree char *text = fd_read_file(path, PASSWORD_FILE_LIMIT, &length, NULL);
    if (!text) {
        g_autofree char *complaint = g_strdup_printf("Cannot read the password file '%s'.", path);
        return err_set(err, "XE_ABORT", complaint);
    }
    char *second = strchr(text, '\n');
    if (!second || second[1] == '\0') {
        memset(text, 0, length);
        return err_set(err, "XE_ABORT",
                       "The password file needs the user name on its first line and the password "
                       "on the second.");
    }
    *second++ = '\0';
    char *end = strchr(second, '\n');
    if (end) {
        *end = '\0';
    }
    g_free(options->username);
    options->username = g_strdup(text);
    secret_free(options->password);
    options->password = secret_new(second);
    memset(text, 0, length);
    return true;
}

static bool is_help_asked(const char *const *args)
{
    for (; *args; args++) {
        if (text_equal(*args, "-help") || text_equal(*args, "--help")) {
            return true;
        }
    }
    return false;
}
