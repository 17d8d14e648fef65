/* Any bytes as a thin CLI payload, as a greeting, and as the arguments xe posts. */
#include "fuzz.h"

#include "front/cli/cli_args.h"
#include "net/thincli.h"

static void check_payload(const uint8_t *data, size_t size)
{
    g_auto(ThinCliMessage) message = {0};
    g_autoptr(Err) err = NULL;
    bool ok = thincli_parse(data, size, &message, &err);
    g_assert_true(ok == (err == NULL));
    g_assert_true(ok || !message.text);
}

static void check_arguments(const uint8_t *data, size_t size)
{
    g_auto(CliArgs) args = {0};
    g_autoptr(Err) err = NULL;
    if (!cli_args_parse((const char *)data, size, &args, &err)) {
        g_assert_nonnull(err);
        return;
    }
    g_assert_nonnull(args.command);
    for (unsigned i = 0; i < args.params->len; i++) {
        const char *name = g_array_index(args.params, CliParam, i).name;
        g_autoptr(Value) map = cli_args_get_map(&args, name);
        int64_t number = 0;
        bool truth = false;
        g_assert_nonnull(map);
        g_assert_nonnull(cli_args_get(&args, name));
        cli_args_get_bool(&args, name, false, &truth, NULL);
        cli_args_get_size(&args, name, &number, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int32_t major, minor;
    if (size >= THINCLI_GREETING_SIZE) {
        thincli_parse_greeting(data, &major, &minor);
    }
    check_payload(data, size);
    /* Names are looked up in a list, so many of them take long. */
    if (size <= 4096) {
        check_arguments(data, size);
    }
    return 0;
}
