/* xe: the command line of a pool.  It knows no command: it sends the arguments to the daemon
 * and does what the daemon says.  Options are in xe_options.c, the conversation in xe_session.c. */
#include "base/fd.h"
#include "base/text.h"
#include "net/thincli.h"
#include "xe/xe_connect.h"
#include "xe/xe_session.h"
#include "xe/xe_transfer.h"

#include <signal.h>

enum { RC_FILE_LIMIT = 64 * 1024 };

static void on_interrupt(int signum);
static bool parse_options(const char *const *args, XeOptions *ret_options, Err **err);
static bool run(const XeOptions *options, FILE *debug, int *ret_exit_status, Err **err);
static GPtrArray *canonical_files(const XeOptions *options);
static int report_failure(const char *program, const XeOptions *options, const Err *failure);
static void print_usage(const char *program);
static void replay_debug(FILE *debug);

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, on_interrupt);
    const char *program = argc > 0 ? argv[0] : "xe";
    const char *const *args = (const char *const *)argv + (argc > 0 ? 1 : 0);
    if (g_strv_contains(args, "-version")) {
        printf("ThinCLI protocol: %d.%d\n", THINCLI_MAJOR, THINCLI_MINOR);
        return 0;
    }
    g_auto(XeOptions) options = {0};
    g_autoptr(Err) failure = NULL;
    if (!parse_options(args, &options, &failure)) {
        return report_failure(program, &options, failure);
    }
    FILE *debug = options.debug ? stderr : options.debug_on_fail ? tmpfile() : NULL;
    int exit_status = 1;
    if (!run(&options, debug, &exit_status, &failure)) {
        exit_status = report_failure(program, &options, failure);
    }
    if (debug && debug != stderr) {
        if (exit_status != 0) {
            replay_debug(debug);
        }
        fclose(debug);
    }
    return exit_status;
}

static void on_interrupt(int signum)
{
    (void)signum;
    _exit(1);
}

static bool parse_options(const char *const *args, XeOptions *ret_options, Err **err)
{
    const char *home = g_getenv("HOME");
    g_autofree char *rc_path = home ? g_build_filename(home, ".xe", NULL) : NULL;
    size_t length = 0;
    g_autofree char *rc_text = rc_path ? fd_read_file(rc_path, RC_FILE_LIMIT, &length, NULL) : NULL;
    XeOptionSources sources = {.rc_text = rc_text, .extra_args = g_getenv("XE_EXTRA_ARGS")};
    return xe_options_parse(&sources, args, ret_options, err) &&
           (ret_options->args->len > 0 || err_set(err, "XE_USAGE", ""));
}

static bool run(const XeOptions *options, FILE *debug, int *ret_exit_status, Err **err)
{
    g_autoptr(Op) op = op_new(USEC_NEVER);
    g_autoptr(Stream) stream = xe_connect(options, op, options->server, options->port, err);
    if (!stream) {
        return false;
    }
    g_autoptr(GPtrArray) files = canonical_files(options);
    XeSession session = {
        .options = options,
        .op = op,
        .stream = stream,
        .named_files = files,
        .debug = debug,
        .input = STDIN_FILENO,
        .output = STDOUT_FILENO,
        .complaints = STDERR_FILENO,
    };
    return xe_session_request(&session, err) && xe_session_run(&session, ret_exit_status, err);
}

static GPtrArray *canonical_files(const XeOptions *options)
{
    g_autoptr(GPtrArray) values = xe_options_named_values(options);
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < values->len; i++) {
        const char *value = g_ptr_array_index(values, i);
        if (*value) {
            g_ptr_array_add(files, xe_transfer_canonical_path(value));
        }
    }
    return files;
}

/* Prints what went wrong and returns the exit status. */
static int report_failure(const char *program, const XeOptions *options, const Err *failure)
{
    const char *detail = failure->params[0] ? failure->params[0] : "";
    if (err_is(failure, "XE_USAGE")) {
        if (*detail) {
            fprintf(stderr, "%s\n", detail);
        }
        print_usage(program);
        return 0;
    }
    if (err_is(failure, "XE_ABORT")) {
        fprintf(stderr, "%s\n", detail);
    } else if (err_is(failure, "XE_CONNECT")) {
        fprintf(stderr, "Error: %s (calling connect )\n", detail);
    } else if (err_is(failure, "XE_NO_HOST")) {
        fprintf(stderr, "Host '%s' not found.\n", options->server);
    } else if (err_is(failure, "XE_UNREACHABLE")) {
        fprintf(stderr, "Unable to contact server. Please check server and port settings.\n");
    } else if (err_is(failure, "XE_LOST")) {
        fprintf(stderr, "Lost connection to the server.\n");
    } else if (err_is(failure, "XE_SERVER")) {
        fprintf(stderr, "Server internal error.\n");
    } else if (err_is(failure, "XE_NO_AGENT")) {
        fprintf(stderr, "Failed to contact a running management agent.\n"
                        "Try specifying a server name and port.\n");
        print_usage(program);
    } else if (err_is(failure, "XE_VERSION")) {
        fprintf(stderr, "No common protocol: %s.\n", detail);
        print_usage(program);
    } else if (err_is(failure, "XE_FORBIDDEN")) {
        fprintf(stderr, "Refused: %s.\n", detail);
    } else if (err_is(failure, "XE_UNEXPECTED")) {
        fprintf(stderr, "The server sent what xe does not know: %s\n", detail);
    } else {
        fprintf(stderr, "xe failed: %s.\n", detail);
    }
    return 1;
}

static void print_usage(const char *program)
{
    fprintf(stderr,
            "Usage:\n"
            "  %s <command>\n"
            "    [ -s <server> ]            Host to talk to (this one by default)\n"
            "    [ -p <port> ]              Port number on that host\n"
            "    [ -u <username> -pw <password> | -pwf <password file> ]\n"
            "                               Credentials, given directly or in a file\n"
            "    [ --nossl ]                Connect without TLS\n"
            "    [ --debug ]                Trace the conversation on standard error\n"
            "    [ --debug-on-fail ]        Show that trace only after a failure\n"
            "    [ --minimal ]              Print bare values, separated by commas\n"
            "    [ --traceparent <value> ]  Context for distributed tracing\n"
            "    [ --trace ]                Show where on the server a failure began\n"
            "    [ <other arguments> ... ]  Options of the command\n"
            "\n"
            "All commands are listed by\n"
            "  %s help -s <server> -p <port>\n",
            program, program);
}

static void replay_debug(FILE *debug)
{
    char block[4096];
    size_t count;
    rewind(debug);
    fprintf(stderr, "\nTrace:\n\n");
    while ((count = fread(block, 1, sizeof block, debug)) > 0) {
        fwrite(block, 1, count, stderr);
    }
}
