/* One run of xe from its request to its exit status.  Commands are found here and run elsewhere:
 * cli_call.c by tables, cli_family.c by records, cmd_*.c by hand. */
#include "front/cli/front_cli.h"

#include "base/log.h"
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_call.h"
#include "front/cli/cli_error.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_family.h"
#include "front/cli/cli_help.h"
#include "front/cli/cli_output.h"
#include "net/thincli.h"

#define GREETING_TIMEOUT (60 * USEC_PER_SEC)

struct FrontCli {
    Core *core;
    Op *op; /* of all runs */
    GThreadPool *threads;
};

/* A request that waits for a thread, or has one. */
typedef struct Run {
    GBytes *body;
    char *address, *originator;
    bool is_local_root;
    Stream *stream;
} Run;

static void run_thread(gpointer data, gpointer user);
static bool exchange_greetings(Cli *cli, Err **err);
static int run(Cli *cli);
static bool run_command(Cli *cli, Err **err);
static bool check_required(Cli *cli, const char *const *required, Err **err);
static bool run_logged_in(Cli *cli, bool (*func)(Cli *cli, void *user, Err **err), void *user,
                          bool is_local, Err **err);
static bool log_in(Cli *cli, bool is_local, bool *ret_log_out, Err **err);
static bool run_by_table(Cli *cli, void *user, Err **err);
static bool run_generated(Cli *cli, void *user, Err **err);
static void end_session(void *user);
static void report(Cli *cli, const Err *error);

/* A generated command. */
typedef struct Generated {
    const CliFamily *family;
    CliVerb verb;
} Generated;

FrontCli *front_cli_new(Core *core)
{
    FrontCli *front = g_new0(FrontCli, 1);
    front->core = core;
    front->op = op_new_child(core_op(core), USEC_NEVER);
    front->threads = g_thread_pool_new(run_thread, front, FRONT_CLI_MAX_RUNS, FALSE, NULL);
    return front;
}

void front_cli_free(FrontCli *front)
{
    if (front) {
        op_cancel(front->op);
        g_thread_pool_free(front->threads, FALSE, TRUE);
        op_unref(front->op);
        g_free(front);
    }
}

void front_cli_handler(HttpExchange *exchange, void *user)
{
    FrontCli *front = user;
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    const char *origin = http_header(http_exchange_head(exchange), "originator");
    Run *run = g_new0(Run, 1);
    run->body = g_bytes_new(body, length);
    run->originator = g_strdup(origin ? origin : "cli");
    run->address = g_strdup(http_exchange_peer(exchange));
    run->is_local_root = http_exchange_is_local_root(exchange);
    run->stream = http_take_over(exchange);
    g_thread_pool_push(front->threads, run, NULL);
}

int front_cli_serve(Core *core, Op *parent, Stream *stream, const GBytes *body,
                    const FrontCliPeer *peer)
{
    g_autoptr(Op) op = op_new_child(parent, USEC_NEVER);
    g_auto(CliArgs) args = {0};
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GPtrArray) shown = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) failures = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) descriptions =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Cli cli = {
        .core = core,
        .caller = {.peer = peer->address,
                   .originator = peer->originator,
                   .peer_is_local_root = peer->is_local_root,
                   .op = op},
        .stream = stream,
        .op = op,
        .args = &args,
        .out = out,
        .shown = shown,
        .failures = failures,
        .descriptions = descriptions,
    };
    g_autoptr(Err) error = NULL;
    if (!exchange_greetings(&cli, &error)) {
        log_info("a command of %s ended before it began: %s", peer->address, error->params[0]);
        return 1;
    }
    int exit_status = 1;
    gsize length = 0;
    const char *text = g_bytes_get_data((GBytes *)body, &length);
    if (cli_args_parse(text ? text : "", length, &args, &error)) {
        exit_status = run(&cli);
    } else {
        cli_error_report(&cli, error);
    }
    thincli_append_number(cli.out, THINCLI_COMMAND, THINCLI_EXIT, exit_status);
    cli_output_flush(&cli);
    return exit_status;
}

bool cli_is_common_param(const char *name)
{
    static const char *const common[] = {"server",           "password", "port",     "username",
                                         "minimal",          "force",    "multiple", "all",
                                         "message-priority", "trace",    NULL};
    return g_strv_contains(common, name);
}

bool cli_is_gone(Cli *cli)
{
    struct pollfd peer = {.fd = stream_fd(cli->stream), .events = POLLRDHUP};
    return cli->is_broken || poll(&peer, 1, 0) != 0;
}

static void run_thread(gpointer data, gpointer user)
{
    FrontCli *front = user;
    Run *task = data;
    FrontCliPeer peer = {
        .address = task->address,
        .originator = task->originator,
        .is_local_root = task->is_local_root,
    };
    front_cli_serve(front->core, front->op, task->stream, task->body, &peer);
    stream_free(task->stream);
    g_bytes_unref(task->body);
    g_free(task->address);
    g_free(task->originator);
    g_free(task);
}

static bool exchange_greetings(Cli *cli, Err **err)
{
    g_autoptr(Op) op = op_new_child(cli->op, GREETING_TIMEOUT);
    uint8_t greeting[THINCLI_GREETING_SIZE];
    int32_t major = 0, minor = 0;
    thincli_append_greeting(cli->out);
    if (!cli_output_flush(cli) ||
        !stream_read_exact(cli->stream, op, greeting, sizeof greeting, NULL)) {
        return err_internal(err, "xe went away");
    }
    if (!thincli_parse_greeting(greeting, &major, &minor) || major != THINCLI_MAJOR) {
        return err_internal(err, "xe speaks another protocol");
    }
    return true;
}

static int run(Cli *cli)
{
    g_autoptr(Err) error = NULL;
    bool ok = cli_args_get_bool(cli->args, "minimal", false, &cli->is_minimal, &error) &&
              run_command(cli, &error);
    if (ok) {
        cli_output_finish(cli);
        return 0;
    }
    report(cli, error);
    return 1;
}

/* Parameters are checked before anybody logs in. */
static bool run_command(Cli *cli, Err **err)
{
    const char *name = cli->args->command;
    log_debug("xe %s from %s", name, cli->caller.peer);
    if (text_equal(name, "help")) {
        cli_help_run(cli);
        return true;
    }
    cli->command = cli_help_find_command(name);
    if (cli->command) {
        bool is_local = cli->command->flags & CLI_COMMAND_LOCAL;
        return check_required(cli, cli->command->required, err) &&
               run_logged_in(cli, run_by_table, (void *)cli->command, is_local, err);
    }
    Generated generated = {0};
    if (!cli_family_find(name, &generated.family, &generated.verb)) {
        return err_set(err, "CLI_UNKNOWN", name);
    }
    return check_required(cli, cli_family_required(generated.verb), err) &&
           run_logged_in(cli, run_generated, &generated, false, err);
}

static bool check_required(Cli *cli, const char *const *required, Err **err)
{
    for (; *required; required++) {
        if (!cli_args_get(cli->args, *required)) {
            return err_set(err, "CLI_REQUIRED", *required);
        }
    }
    return true;
}

static bool run_logged_in(Cli *cli, bool (*func)(Cli *cli, void *user, Err **err), void *user,
                          bool is_local, Err **err)
{
    bool log_out = false;
    if (!log_in(cli, is_local, &log_out, err)) {
        return false;
    }
    unsigned cancel_id = log_out ? op_on_cancel(cli->op, end_session, cli) : 0;
    g_autoptr(Err) error = NULL;
    bool ok = func(cli, user, &error);
    if (log_out) {
        op_remove_on_cancel(cli->op, cancel_id);
    }
    if (!ok) {
        /* References in the report are looked up by this session. */
        report(cli, error);
        err_set(err, "CLI_EXIT");
    }
    if (log_out) {
        cli_api_do(cli, is_local ? "session.local_logout" : "session.logout", NULL, NULL);
    }
    return ok;
}

static bool log_in(Cli *cli, bool is_local, bool *ret_log_out, Err **err)
{
    if (cli->args->session) {
        return value_ref_parse(cli->args->session, &cli->caller.session) ||
               err_set(err, "SESSION_INVALID", cli->args->session);
    }
    Value *user = value_new_string(cli_args_get_or(cli->args, "username", ""));
    Value *password = value_new_string(cli_args_get_or(cli->args, "password", ""));
    g_autoptr(Value) session = NULL;
    if (is_local) {
        session = cli_api_call(cli, "session.slave_local_login_with_password",
                               cli_api_params(user, password, NULL), err);
    } else {
        session = cli_api_call(
            cli, "session.login_with_password",
            cli_api_params(user, password, value_new_string("1.3"), value_new_string("cli"), NULL),
            err);
    }
    if (!session) {
        return false;
    }
    cli->caller.session = value_uuid(session);
    *ret_log_out = true;
    return true;
}

static bool run_by_table(Cli *cli, void *user, Err **err)
{
    const CliCommand *command = user;
    if (command->lacks) {
        return cli_fail(err, "%s needs %s, which is not available yet.", command->name,
                        command->lacks);
    }
    if (command->flags & CLI_COMMAND_DANGEROUS && !cli_args_assert_forced(cli->args, err)) {
        return false;
    }
    return command->run ? command->run(cli, err) : cli_call_run(cli, command, err);
}

static bool run_generated(Cli *cli, void *user, Err **err)
{
    const Generated *generated = user;
    return cli_family_run(cli, generated->family, generated->verb, err);
}

/* When the daemon stops, a command that waits for events hears of it by the end of its session. */
static void end_session(void *user)
{
    const Cli *cli = user;
    CoreCaller caller = cli->caller;
    caller.op = NULL;
    value_unref(core_invoke(cli->core, &caller, "session.logout", value_new_array(0), NULL));
}

static void report(Cli *cli, const Err *error)
{
    bool is_traced = false;
    cli_error_report(cli, error);
    cli_args_get_bool(cli->args, "trace", false, &is_traced, NULL);
    if (is_traced && !err_is(error, "CLI_EXIT")) {
        g_autofree char *text = err_to_string(error);
        cli_output_stderr(cli, "Raised %s\nBacktrace:\n", text);
        cli_output_stderr(cli, "%s:%d\n", error->file, error->line);
    }
}
