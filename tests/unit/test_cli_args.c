/* Arguments as they arrive. */
#include "front/cli/cli_args.h"

static void parse(const char *body, CliArgs *ret_args)
{
    g_autoptr(Err) err = NULL;
    g_assert_true(cli_args_parse(body, strlen(body), ret_args, &err));
    g_assert_null(err);
}

static void test_params(void)
{
    g_auto(CliArgs) args = {0};
    parse("vm-start\nvm=a=b\n--force\n-u\nme\nflag\n\nvm=second\r", &args);
    g_assert_cmpstr(args.command, ==, "vm-start");
    g_assert_null(args.session);
    g_assert_cmpstr(cli_args_get(&args, "vm"), ==, "a=b");
    g_assert_cmpstr(cli_args_get(&args, "force"), ==, "true");
    g_assert_cmpstr(cli_args_get(&args, "username"), ==, "me");
    g_assert_cmpstr(cli_args_get(&args, "flag"), ==, "");
    g_assert_null(cli_args_get(&args, "none"));
    g_assert_cmpstr(g_array_index(args.params, CliParam, 4).value, ==, "second");
}

static void test_maps(void)
{
    g_auto(CliArgs) args = {0};
    parse("sr-create\ndevice-config:server=s\ndevice-config-path=/p\ndevice-config:=x\n"
          "device-configuration=y\ndevice-config:server=t",
          &args);
    g_autoptr(Value) map = cli_args_get_map(&args, "device-config");
    g_assert_cmpuint(value_count(map), ==, 2);
    g_assert_cmpstr(value_get_string(map, "server"), ==, "s");
    g_assert_cmpstr(value_get_string(map, "path"), ==, "/p");
}

static void test_typed(void)
{
    g_auto(CliArgs) args = {0};
    bool truth = false;
    int64_t number = 0;
    parse("x\na=YES\nb=perhaps\nsize=2GiB\nbad=2XB\nn=12", &args);
    g_assert_true(cli_args_get_bool(&args, "a", false, &truth, NULL));
    g_assert_true(truth);
    g_assert_false(cli_args_get_bool(&args, "b", false, &truth, NULL));
    g_assert_true(cli_args_get_bool(&args, "none", true, &truth, NULL));
    g_assert_true(truth);
    g_assert_true(cli_args_get_size(&args, "size", &number, NULL));
    g_assert_cmpint(number, ==, INT64_C(2) << 30);
    g_assert_false(cli_args_get_size(&args, "bad", &number, NULL));
    g_assert_false(cli_args_get_size(&args, "none", &number, NULL));
    g_assert_true(cli_args_get_int(&args, "n", 0, &number, NULL));
    g_assert_cmpint(number, ==, 12);
    g_assert_false(cli_args_get_int(&args, "bad", 0, &number, NULL));
}

static void test_bad_bodies(void)
{
    static const char *const bodies[] = {"a=b\nvm-list", "vm-list\n-q\nx", "vm-list\n-u",
                                         "vm-list\n\xff\xfe", "session_id=OpaqueRef:NULL"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_auto(CliArgs) args = {0};
        g_autoptr(Err) err = NULL;
        g_assert_false(cli_args_parse(bodies[i], strlen(bodies[i]), &args, &err));
        g_assert_true(err_is(err, "CLI_SYNTAX"));
        g_assert_null(args.command);
    }
    g_autoptr(GString) many = g_string_new("vm-list");
    for (unsigned i = 0; i < CLI_MAX_ARGS; i++) {
        g_string_append(many, "\nx");
    }
    g_auto(CliArgs) args = {0};
    g_assert_false(cli_args_parse(many->str, many->len, &args, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_args/params", test_params);
    g_test_add_func("/cli_args/maps", test_maps);
    g_test_add_func("/cli_args/typed", test_typed);
    g_test_add_func("/cli_args/bad", test_bad_bodies);
    return g_test_run();
}
