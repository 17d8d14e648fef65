/* Parsing of the arguments xe sent, and typed access to parameters.  Which parameters a command
 * has is not known here. */
#include "front/cli/cli_args.h"

#include "base/text.h"
#include "front/cli/cli_fail.h"

static bool parse_params(CliArgs *args, char **lines, Err **err);
static void add_param(CliArgs *args, const char *name, const char *value);
static const char *switch_keyword(const char *name);
static void strip_carriage_return(char *line);

void cli_args_clear(CliArgs *args)
{
    g_free(args->session);
    g_free(args->command);
    g_clear_pointer(&args->params, g_array_unref);
    g_clear_pointer(&args->texts, g_ptr_array_unref);
    *args = (CliArgs){0};
}

bool cli_args_parse(const char *body, size_t length, CliArgs *ret_args, Err **err)
{
    static const char session_prefix[] = "session_id=";
    g_auto(CliArgs) args = {0};
    args.params = g_array_new(FALSE, FALSE, sizeof(CliParam));
    args.texts = g_ptr_array_new_with_free_func(g_free);
    if (!g_utf8_validate(body, (gssize)length, NULL)) {
        return err_set(err, "CLI_SYNTAX", "the arguments are not UTF-8");
    }
    g_autofree char *text = g_strndup(body, length);
    g_auto(GStrv) lines = g_strsplit(text, "\n", CLI_MAX_ARGS + 1);
    if (g_strv_length(lines) > CLI_MAX_ARGS) {
        return err_set(err, "CLI_SYNTAX", "too many arguments");
    }
    for (unsigned i = 0; lines[i]; i++) {
        strip_carriage_return(lines[i]);
    }
    char **rest = lines;
    if (*rest && g_str_has_prefix(*rest, session_prefix)) {
        args.session = g_strdup(*rest + strlen(session_prefix));
        rest++;
    }
    if (!*rest) {
        return err_set(err, "CLI_SYNTAX", "");
    }
    if (strchr(*rest, '=')) {
        return err_set(err, "CLI_SYNTAX", "command name is missing");
    }
    args.command = g_strdup(*rest);
    if (!parse_params(&args, rest + 1, err)) {
        return false;
    }
    *ret_args = args;
    args = (CliArgs){0};
    return true;
}

const char *cli_args_get(const CliArgs *args, const char *name)
{
    for (unsigned i = 0; i < args->params->len; i++) {
        const CliParam *param = &g_array_index(args->params, CliParam, i);
        if (text_equal(param->name, name)) {
            return param->value;
        }
    }
    return NULL;
}

const char *cli_args_get_or(const CliArgs *args, const char *name, const char *otherwise)
{
    const char *value = cli_args_get(args, name);
    return value ? value : otherwise;
}

bool cli_args_get_bool(const CliArgs *args, const char *name, bool otherwise, bool *ret, Err **err)
{
    const char *value = cli_args_get(args, name);
    bool truth = otherwise;
    g_autofree char *lower = value ? g_ascii_strdown(value, -1) : NULL;
    if (lower && !text_parse_bool(lower, &truth)) {
        return cli_fail(err, "The value of '%s' must be true or false.", name);
    }
    *ret = truth;
    return true;
}

bool cli_args_assert_forced(const CliArgs *args, Err **err)
{
    bool is_forced = false;
    if (!cli_args_get_bool(args, "force", false, &is_forced, err)) {
        return false;
    }
    return is_forced ||
           cli_fail(err, "This operation is dangerous and may cause data loss. This operation "
                         "must be forced (use --force).");
}

bool cli_args_get_size(const CliArgs *args, const char *name, int64_t *ret, Err **err)
{
    const char *value = cli_args_get(args, name);
    if (!value) {
        return err_set(err, "CLI_REQUIRED", name);
    }
    if (!text_parse_size(value, ret)) {
        return cli_fail(err, "The value of '%s' must be a size, such as 512MiB.", name);
    }
    return true;
}

bool cli_args_get_int(const CliArgs *args, const char *name, int64_t otherwise, int64_t *ret,
                      Err **err)
{
    const char *value = cli_args_get(args, name);
    if (!value) {
        *ret = otherwise;
        return true;
    }
    return text_parse_int(value, ret) ||
           cli_fail(err, "The value of '%s' must be a whole number.", name);
}

Value *cli_args_get_map(const CliArgs *args, const char *name)
{
    size_t length = strlen(name);
    Value *map = value_new_struct(0);
    for (unsigned i = 0; i < args->params->len; i++) {
        const CliParam *param = &g_array_index(args->params, CliParam, i);
        if (g_str_has_prefix(param->name, name) &&
            (param->name[length] == ':' || param->name[length] == '-') &&
            param->name[length + 1] != '\0' && !value_get(map, param->name + length + 1)) {
            value_struct_add(map, param->name + length + 1, value_new_string(param->value));
        }
    }
    return map;
}

Value *cli_args_get_map_keys(const CliArgs *args, const char *name)
{
    g_autoptr(Value) map = cli_args_get_map(args, name);
    Value *keys = value_new_array(value_count(map));
    for (unsigned i = 0; i < value_count(map); i++) {
        value_array_add(keys, value_new_string(value_name_at(map, i)));
    }
    return keys;
}

char **cli_args_get_list(const CliArgs *args, const char *name)
{
    return g_strsplit(cli_args_get_or(args, name, ""), ",", -1);
}

/* "--x" is x=true, "-x" takes the next argument, the rest is split at its first '='. */
static bool parse_params(CliArgs *args, char **lines, Err **err)
{
    for (unsigned i = 0; lines[i]; i++) {
        const char *line = lines[i];
        if (*line == '\0') {
            continue;
        }
        if (g_str_has_prefix(line, "--")) {
            add_param(args, line + 2, "true");
        } else if (*line == '-') {
            const char *keyword = switch_keyword(line);
            if (!keyword || !lines[i + 1]) {
                g_autofree char *complaint =
                    keyword ? g_strdup("") : g_strdup_printf("there is no option %s", line);
                return err_set(err, "CLI_SYNTAX", complaint);
            }
            add_param(args, keyword, lines[++i]);
        } else {
            const char *equals = strchr(line, '=');
            g_autofree char *name =
                equals ? g_strndup(line, (gsize)(equals - line)) : g_strdup(line);
            add_param(args, name, equals ? equals + 1 : "");
        }
    }
    return true;
}

static void add_param(CliArgs *args, const char *name, const char *value)
{
    CliParam param = {.name = g_strdup(name), .value = g_strdup(value)};
    g_ptr_array_add(args->texts, (char *)param.name);
    g_ptr_array_add(args->texts, (char *)param.value);
    g_array_append_val(args->params, param);
}

static const char *switch_keyword(const char *name)
{
    static const CliParam switches[] = {
        {"-u", "username"}, {"-pw", "password"}, {"-s", "server"}, {"-h", "server"}, {"-p", "port"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(switches); i++) {
        if (text_equal(name, switches[i].name)) {
            return switches[i].value;
        }
    }
    return NULL;
}

/* Members of a pool send lines that end with CR LF. */
static void strip_carriage_return(char *line)
{
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\r') {
        line[length - 1] = '\0';
    }
}
