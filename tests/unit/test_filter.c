/* core/filter.c: what parses, what does not, and which objects pass. */
#include "core/filter.h"
#include "gen/db_vm.h"

/* One VM to match against, in a transaction that never ends well. */
typedef struct Fixture {
    Db *db;
    DbTxn *txn;
    VmRef vm;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    fixture->db = db_open(&model_schema, &backend, NULL);
    g_assert_nonnull(fixture->db);
    fixture->txn = db_begin(fixture->db);
    fixture->vm = db_vm_create(fixture->txn);
    db_vm_set_name_label(fixture->txn, fixture->vm, "web \"one\"");
    db_vm_set_memory_target(fixture->txn, fixture->vm, -5);
    db_vm_set_is_a_template(fixture->txn, fixture->vm, true);
    db_vm_set_snapshot_time(fixture->txn, fixture->vm, 0);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    db_abort(fixture->txn);
    db_close(fixture->db);
}

static bool matches(Fixture *fixture, const char *expression)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Filter) filter = filter_parse(expression, &err);
    if (!filter) {
        g_error("%s: %s", expression, err->params[1]);
    }
    return filter_matches(filter, &model_schema,
                          db_find(db_txn_view(fixture->txn), CLASS_VM, fixture->vm.id));
}

static void test_constants(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_true(matches(fixture, "true"));
    g_assert_false(matches(fixture, "false"));
    g_assert_true(matches(fixture, " ( true ) "));
    g_assert_true(matches(fixture, "\"a\"=\"a\""));
    g_assert_false(matches(fixture, "\"a\"=\"b\""));
    g_assert_true(matches(fixture, "''=''"));
}

static void test_fields(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const char *const true_ones[] = {
        "field \"name__label\" = \"web \\\"one\\\"\"",
        "field \"name_label\"='web \"one\"'",
        "'web \"one\"'=field \"name__label\"",
        "field \"memory__target\"=\"-5\"",
        "field \"is_a_template\"=\"true\"",
        "field \"power_state\"=\"Halted\"",
        "field \"resident_on\"=\"OpaqueRef:NULL\"",
        "field \"snapshot_time\"=\"19700101T00:00:00Z\"",
        "field \"is_a_template\"=field \"is_a_template\"",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(true_ones); i++) {
        g_test_message("%s", true_ones[i]);
        g_assert_true(matches(fixture, true_ones[i]));
    }
    g_assert_false(matches(fixture, "field \"name__label\"=\"Web\""));
    g_assert_false(matches(fixture, "field \"no_such_field\"=\"\""));
    g_assert_false(matches(fixture, "field \"tags\"=\"\""));
}

static void test_operators(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const struct {
        const char *text;
        bool truth;
    } cases[] = {
        {"true and true", true},
        {"true and false", false},
        {"false or true", true},
        {"false or false", false},
        {"not false", true},
        {"not not true", true},
        {"true or true and false", true},
        {"(true or true) and false", false},
        {"not true or true", true},
        {"not (true or true)", false},
        {"true and true and true", true},
        {"false or false or true", true},
        {"not'a'='b'", true},
        {"(true)and(true)", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_assert_true(matches(fixture, cases[i].text) == cases[i].truth);
    }
}

static void test_bad(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "a",
        "true true",
        "true and",
        "and true",
        "not",
        "(true",
        "true)",
        "()",
        "field",
        "field name=\"x\"",
        "\"a\"",
        "\"a\"=",
        "=\"a\"",
        "\"a\"==\"a\"",
        "\"a=\"a\"",
        "\"a\"=\"a",
        "'a'=\"a'",
        "field \"a\"<>\"a\"",
        "truely",
        "field\"a\"=\"\\",
        "true and or true",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        g_test_message("%s", bad[i]);
        g_assert_null(filter_parse(bad[i], &err));
        g_assert_true(err_is(err, "INVALID_VALUE"));
        g_assert_cmpstr(err->params[0], ==, bad[i]);
        g_assert_cmpuint(strlen(err->params[1]), >, 0);
    }
}

/* (owned) */
static char *nested(const char *piece, unsigned times, const char *middle, const char *end)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < times; i++) {
        g_string_append(text, piece);
    }
    g_string_append(text, middle);
    for (unsigned i = 0; i < times; i++) {
        g_string_append(text, end);
    }
    return g_string_free(text, FALSE);
}

static void test_limits(void)
{
    g_autofree char *deep = nested("(", FILTER_MAX_DEPTH, "true", ")");
    g_autoptr(Filter) filter = filter_parse(deep, NULL);
    g_assert_nonnull(filter);
    g_autofree char *too_deep = nested("(", FILTER_MAX_DEPTH + 1, "true", ")");
    g_assert_null(filter_parse(too_deep, NULL));
    g_autofree char *too_many_nots = nested("not ", FILTER_MAX_DEPTH + 1, "true", "");
    g_assert_null(filter_parse(too_many_nots, NULL));
    g_autofree char *long_chain = nested("true and ", FILTER_MAX_TEXT / 9 + 1, "true", "");
    g_assert_null(filter_parse(long_chain, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/filter/constants", Fixture, NULL, set_up, test_constants, tear_down);
    g_test_add("/filter/fields", Fixture, NULL, set_up, test_fields, tear_down);
    g_test_add("/filter/operators", Fixture, NULL, set_up, test_operators, tear_down);
    g_test_add_func("/filter/bad", test_bad);
    g_test_add_func("/filter/limits", test_limits);
    return g_test_run();
}
