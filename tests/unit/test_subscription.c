/* core/subscription.c: which changes a list of texts asks for. */
#include "core/subscription.h"
#include "gen/schema.h"

static const Uuid ONE = {{1}};
static const Uuid TWO = {{2}};

/* From texts separated by spaces. (owned) */
static Subscription *subscribe(const char *texts, Err **err)
{
    g_auto(GStrv) words = g_strsplit(texts, " ", -1);
    g_autoptr(Value) list = value_new_array(0);
    for (char **word = words; *word; word++) {
        value_array_add(list, value_new_string(*word));
    }
    return subscription_new(&model_schema, list, err);
}

static void test_class(void)
{
    g_autoptr(Subscription) subscription = subscribe("VM pool", NULL);
    g_assert_true(subscription_wants(subscription, CLASS_VM, ONE));
    g_assert_true(subscription_wants(subscription, CLASS_POOL, ONE));
    g_assert_false(subscription_wants(subscription, CLASS_HOST, ONE));
    g_assert_true(subscription_wants_class(subscription, CLASS_VM));
    g_assert_false(subscription_wants_class(subscription, CLASS_HOST));
}

static void test_case(void)
{
    static const char *const names[] = {"vm_guest_metrics", "VM_GUEST_METRICS", "VM_guest_metrics"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(Subscription) subscription = subscribe(names[i], NULL);
        g_assert_true(subscription_wants(subscription, CLASS_VM_GUEST_METRICS, ONE));
        g_assert_false(subscription_wants(subscription, CLASS_VM, ONE));
    }
}

static void test_object(void)
{
    g_autofree char *text = g_strdup_printf("vm/%s", REF_TEXT(ONE));
    g_autoptr(Subscription) subscription = subscribe(text, NULL);
    g_assert_true(subscription_wants(subscription, CLASS_VM, ONE));
    g_assert_false(subscription_wants(subscription, CLASS_VM, TWO));
    g_assert_false(subscription_wants(subscription, CLASS_HOST, ONE));
    g_assert_true(subscription_wants_class(subscription, CLASS_VM));
    g_assert_false(subscription_wants_class(subscription, CLASS_HOST));
}

static void test_everything(void)
{
    g_autoptr(Subscription) subscription = subscribe("*", NULL);
    for (uint16_t i = 0; i < model_schema.class_count; i++) {
        bool has_events = model_schema.classes[i].flags & DB_CLASS_EVENTS;
        g_assert_true(subscription_wants_class(subscription, i) == has_events);
    }
    g_assert_false(subscription_wants_class(subscription, CLASS_SESSION));
}

static void test_unknown(void)
{
    g_autoptr(Subscription) subscription = subscribe("dragon session vm/nonsense dragon/x", NULL);
    g_assert_nonnull(subscription);
    for (uint16_t i = 0; i < model_schema.class_count; i++) {
        g_assert_false(subscription_wants_class(subscription, i));
    }
    g_autoptr(Subscription) nothing = subscription_new(&model_schema, NULL, NULL);
    g_assert_false(subscription_wants_class(nothing, CLASS_VM));
}

static void test_bad(void)
{
    static const char *const bad[] = {"", "/", "/x", "vm/", "*/"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        g_autoptr(Value) list = value_new_array(2);
        value_array_add(list, value_new_string("vm"));
        value_array_add(list, value_new_string(bad[i]));
        g_assert_null(subscription_new(&model_schema, list, &err));
        g_assert_true(err_is(err, "EVENT_SUBSCRIPTION_PARSE_FAILURE"));
        g_assert_cmpstr(err->params[0], ==, bad[i]);
    }
}

static void test_add_and_remove(void)
{
    g_autofree char *text = g_strdup_printf("host host/%s", REF_TEXT(TWO));
    g_autoptr(Subscription) subscription = subscribe("vm", NULL);
    g_autoptr(Subscription) other = subscribe(text, NULL);
    subscription_add(subscription, other);
    g_assert_true(subscription_wants(subscription, CLASS_VM, ONE));
    g_assert_true(subscription_wants(subscription, CLASS_HOST, ONE));
    subscription_remove(subscription, other);
    g_assert_true(subscription_wants(subscription, CLASS_VM, ONE));
    g_assert_false(subscription_wants(subscription, CLASS_HOST, ONE));
    g_assert_false(subscription_wants(subscription, CLASS_HOST, TWO));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/subscription/class", test_class);
    g_test_add_func("/subscription/case", test_case);
    g_test_add_func("/subscription/object", test_object);
    g_test_add_func("/subscription/everything", test_everything);
    g_test_add_func("/subscription/unknown", test_unknown);
    g_test_add_func("/subscription/bad", test_bad);
    g_test_add_func("/subscription/add-and-remove", test_add_and_remove);
    return g_test_run();
}
