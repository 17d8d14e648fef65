/* The code that modelc makes of the tiny model in good/, at work: names are found, arguments
 * arrive, results come back, errors carry their parameters.  The stubs at the end stand for
 * src/ops; they leave what they were given in a Seen. */
#include "core/method.h"
#include "core/operation.h"
#include "gen/errors.h"
#include "gen/operations.h"
#include "gen/ops_lamp.h"
#include "gen/ops_light_sample.h"
#include "gen/ops_room.h"
#include "gen/ops_switch.h"
#include "gen/schema.h"

/* Hangs from Call.core, which the stubs use for nothing else. */
typedef struct Seen {
    LampSwitchOnArgs switch_on;
    int64_t since;
    double weight;
    unsigned names;
    Uuid changed;
    bool fail;
} Seen;

static const MethodInfo *find(const char *name)
{
    return method_find(name, strlen(name));
}

static void test_every_name_is_found(void)
{
    for (size_t i = 0; i < method_count; i++) {
        const char *name = method_table[i].name;
        g_assert_true(find(name) == &method_table[i]);
        g_autofree char *other = g_strdelimit(g_strdup(name), ".", '_');
        g_assert_true(find(other) == &method_table[i]);
    }
}

static void test_other_names_are_not(void)
{
    const char *const names[] = {"",
                                 "Lamp",
                                 "Lamp.",
                                 "Lamp.switch",
                                 "Lamp.switch_onn",
                                 "lamp.switch_on",
                                 "Lamp-switch_on",
                                 "Lamp.switch.on",
                                 "Room.get_all",
                                 "Switch.get_record",
                                 "light_sample.get_lux"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_null(find(names[i]));
    }
    g_assert_null(method_find("Lamp.switch_on", strlen("Lamp.switch_o")));
}

static void test_flags_and_roles(void)
{
    const MethodInfo *method = find("Lamp.switch_on");
    g_assert_cmpuint(method->flags, ==, METHOD_ASYNC | METHOD_LONG | METHOD_IN_6_2 | METHOD_ACTION);
    g_assert_cmpuint(method->roles, ==, 0x1f);
    g_assert_cmpuint(method->required_count, ==, 2);
    g_assert_cmpstr(method->params[3].default_json, ==, "\"very-bright\"");
    g_assert_cmpuint(method->operation_count, ==, 1);
    g_assert_cmpstr(method->operations[0].op, ==, "switch_on");
    method = find("Lamp.find");
    g_assert_cmpuint(method->flags, ==, METHOD_HIDDEN | METHOD_POOL_INTERNAL | METHOD_EMERGENCY);
    g_assert_cmpuint(method->roles, ==, 0);
    g_assert_cmpuint(find("Lamp.look")->flags, ==,
                     METHOD_NO_SESSION | METHOD_PARKING | METHOD_IN_6_2);
    g_assert_cmpuint(find("Lamp.burn")->flags, ==, METHOD_REMOVED);
    g_assert_cmpuint(find("Lamp.get_gas")->flags, ==, METHOD_REMOVED);
    g_assert_null((void *)find("Lamp.paint")->invoke);
    g_assert_cmpuint(find("Lamp.set_other_config")->roles, ==, 0x23);
    g_assert_cmpuint(find("Room.get_record")->roles, ==, 0x03);
    g_assert_cmpuint(find("Room.get_name_label")->roles, ==, 0x7f);
    g_assert_cmpint(find("Lamp.create")->kind, ==, METHOD_EXPLICIT);
    g_assert_cmpint(find("Lamp.destroy")->kind, ==, METHOD_DESTROY);
    g_assert_cmpint(find("Switch.get_all")->kind, ==, METHOD_GET_ALL);
    g_assert_cmpuint(method_key_roles_count, ==, 2);
    g_assert_cmpstr(method_key_roles[1].key, ==, "House.Fields.*");
}

static void test_arguments_arrive(void)
{
    Seen seen = {0};
    Call call = {.core = (Core *)&seen};
    Uuid lamp = uuid_generate();
    g_autoptr(Value) ref = value_new_ref(lamp);
    g_autoptr(Value) number = value_new_int(7);
    g_autoptr(Value) truth = value_new_bool(true);
    g_autoptr(Value) state = value_new_string("dark");
    Value *const args[] = {ref, number, truth, state};
    g_autoptr(Value) result = NULL;
    g_assert_true(find("Lamp.switch_on")->invoke(&call, args, &result, NULL));
    g_assert_cmpint(value_kind(result), ==, VALUE_VOID);
    g_assert_true(uuid_equal(seen.switch_on.lamp.id, lamp));
    g_assert_cmpint(seen.switch_on.brightness, ==, 7);
    g_assert_true(seen.switch_on.force);
    g_assert_cmpint(seen.switch_on.state, ==, LAMP_STATE_DARK);
}

static void test_results_come_back(void)
{
    Seen seen = {0};
    Call call = {.core = (Core *)&seen};
    g_autoptr(Value) ref = value_new_ref(uuid_generate());
    g_autoptr(Value) since = value_new_datetime(12345);
    g_autoptr(Value) weight = value_new_float(1.5);
    g_autoptr(Value) names = value_new_array(1);
    value_array_add(names, value_new_string("a"));
    Value *const args[] = {ref, since, weight, names};
    g_autoptr(Value) text = NULL;
    g_assert_true(find("Lamp.describe")->invoke(&call, args, &text, NULL));
    g_assert_cmpstr(value_string(text), ==, "told");
    g_assert_cmpint(seen.since, ==, 12345);
    g_assert_cmpfloat(seen.weight, ==, 1.5);
    g_assert_cmpuint(seen.names, ==, 1);
    g_autoptr(Value) state = NULL;
    g_assert_true(find("Lamp.look")->invoke(&call, NULL, &state, NULL));
    g_assert_cmpstr(value_string(state), ==, "very-bright");
    g_autoptr(Value) set = NULL;
    g_assert_true(find("Lamp.find")->invoke(&call, args, &set, NULL));
    g_assert_cmpint(value_kind(set), ==, VALUE_ARRAY);
    Value *const move[] = {ref, ref};
    g_autoptr(Value) room = NULL;
    g_assert_true(find("Lamp.move")->invoke(&call, move, &room, NULL));
    g_assert_true(value_equal(room, ref));
}

static void test_failure_leaves_the_result(void)
{
    Seen seen = {.fail = true};
    Call call = {.core = (Core *)&seen};
    Value *result = NULL;
    g_autoptr(Err) err = NULL;
    g_assert_false(find("Lamp.look")->invoke(&call, NULL, &result, &err));
    g_assert_null(result);
    g_assert_true(err_is(err, "NO_LAMP"));
}

static void test_change_runs(void)
{
    Seen seen = {0};
    Call call = {.core = (Core *)&seen};
    Uuid lamp = uuid_generate();
    const MethodInfo *method = find("Lamp.set_name_label");
    g_autoptr(Value) name = value_new_string("desk");
    g_assert_true(method->on_change(&call, lamp, name, NULL));
    g_assert_true(uuid_equal(seen.changed, lamp));
    g_assert_null((void *)find("Lamp.get_name_label")->on_change);
    method = find("Lamp.set_watts");
    g_assert_cmpint(method->kind, ==, METHOD_SET_FIELD);
    g_assert_cmpuint(method->field_id, ==, LAMP_FIELD_WATTS);
    g_assert_cmpuint(method->operation_count, ==, 1);
    g_assert_true(method->on_change(&call, lamp, name, NULL));
}

static void assert_params(const Err *err, const char *text)
{
    g_autofree char *shown = err_to_string(err);
    g_assert_cmpstr(shown, ==, text);
}

static void test_errors(void)
{
    Err *err = NULL;
    g_assert_false(err_lamp_broken(&err, "l", "r", "d"));
    assert_params(err, "LAMP_BROKEN: [ l; r; d ]");
    g_assert_nonnull(strstr(err->file, "test_generated.c"));
    g_clear_pointer(&err, err_free);
    g_assert_false(err_lamps_in_use(&err, "a", "b"));
    assert_params(err, "LAMPS_IN_USE: [ a; b ]");
    g_clear_pointer(&err, err_free);
    g_assert_false(err_lamps_lost(&err));
    g_assert_cmpstr(err->code, ==, "LAMPS_LOST");
    g_assert_null(err->params[0]);
    g_clear_pointer(&err, err_free);
    g_assert_false(err_no_lamp(NULL));
    g_assert_cmpstr(err_param_names("LAMP_BROKEN")[1], ==, "Reason");
    g_assert_null(err_param_names("LAMP_BROKEN")[3]);
    g_assert_cmpstr(err_description("NO_LAMP"), ==, "There is no lamp.");
    g_assert_true(err_info("LAMPS_LOST")->variadic);
    g_assert_null(err_description("NO_BULB"));
}

static void test_enums(void)
{
    LampState state = LAMP_STATE_DARK;
    g_assert_true(lamp_state_from_string("very-bright", &state));
    g_assert_cmpint(state, ==, LAMP_STATE_VERY_BRIGHT);
    g_assert_false(lamp_state_from_string("Dark", &state));
    g_assert_cmpint(state, ==, LAMP_STATE_VERY_BRIGHT);
    g_assert_cmpstr(lamp_state_to_string(LAMP_STATE_DARK), ==, "dark");
    g_assert_cmpint(LAMP_STATE_COUNT, ==, 2);
}

static void test_schema(void)
{
    const DbClass *lamp = &model_schema.classes[CLASS_LAMP];
    g_assert_cmpstr(lamp->name, ==, "Lamp");
    g_assert_cmpstr(lamp->event_name, ==, "lamp");
    g_assert_cmpuint(lamp->flags, ==, DB_CLASS_PERSISTENT | DB_CLASS_EVENTS);
    g_assert_cmpuint(lamp->field_count, ==, LAMP_FIELD_COUNT);
    g_assert_cmpint(lamp->uuid_field, ==, LAMP_FIELD_UUID);
    g_assert_cmpint(lamp->name_label_field, ==, LAMP_FIELD_NAME_LABEL);
    g_assert_cmpint(model_schema.classes[CLASS_SWITCH].uuid_field, ==, -1);
    g_assert_cmpuint(lamp->fields[LAMP_FIELD_NAME_LABEL].flags, ==,
                     DB_FIELD_WRITABLE | DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT);
    g_assert_cmpuint(lamp->fields[LAMP_FIELD_PIN].flags, ==, DB_FIELD_SECRET | DB_FIELD_INTERNAL);
    g_assert_true(lamp->fields[LAMP_FIELD_GAS].flags & DB_FIELD_REMOVED);
    g_assert_true(lamp->fields[LAMP_FIELD_WATTS].flags & DB_FIELD_SPARSE);
    g_assert_cmpstr(lamp->fields[LAMP_FIELD_OTHER_CONFIG].default_json, ==,
                    "{\"colour\": \"red\", \"size\": \"big\"}");
    const DbField *lamps = &model_schema.classes[CLASS_ROOM].fields[ROOM_FIELD_LAMPS];
    g_assert_cmpuint(lamps->relation_class, ==, CLASS_LAMP);
    g_assert_cmpuint(lamps->relation_field, ==, LAMP_FIELD_ROOM);
    g_assert_cmpuint(lamp->fields[LAMP_FIELD_ROOM].relation_class, ==, DB_NO_RELATION);
    const TypeInfo *type = lamp->fields[LAMP_FIELD_HOURS].type;
    g_assert_cmpint(type->kind, ==, TYPE_MAP);
    g_assert_cmpint(type->key->kind, ==, TYPE_INT);
    g_assert_cmpstr(type->name, ==, "(int -> float) map");
}

static void test_operation_rules(void)
{
    const OperationClass *lamp = &operation_classes[CLASS_LAMP];
    g_assert_cmpuint(lamp->rule_count, ==, 4);
    g_assert_cmpint(lamp->allowed_field, ==, LAMP_FIELD_ALLOWED_OPERATIONS);
    g_assert_cmpint(lamp->current_field, ==, -1);
    g_assert_cmpuint(operation_classes[CLASS_ROOM].rule_count, ==, 0);
    g_assert_null(operation_classes[CLASS_ROOM].rules);
    g_assert_cmpint(operation_classes[CLASS_ROOM].allowed_field, ==, -1);
    const OperationRule *rule = &lamp->rules[0];
    g_assert_cmpstr(rule->op, ==, "switch_on");
    g_assert_cmpuint(rule->states, ==, LAMP_WHEN_DARK);
    g_assert_cmpuint(rule->snapshot_states, ==, LAMP_WHEN_BRIGHT);
    g_assert_cmpuint(rule->flags, ==,
                     OPERATION_LISTED | OPERATION_ON_TEMPLATE | OPERATION_NEEDS_MOBILE);
    g_assert_null(rule->concurrent);
    g_assert_cmpuint(lamp->rules[1].flags, ==, OPERATION_LISTED | OPERATION_TAKES_OVER);
    g_assert_cmpstr(lamp->rules[1].concurrent[2], ==, "clean");
    g_assert_null(lamp->rules[1].concurrent[3]);
    g_assert_cmpuint(lamp->rules[2].states, ==, 0);
    g_assert_cmpuint(lamp->rules[2].flags, ==,
                     OPERATION_STEADY | OPERATION_ONLY_SNAPSHOT | OPERATION_ON_SNAPSHOT);
    g_assert_cmpstr(lamp->rules[2].capability, ==, "LAMP_CLEAN");
    g_assert_cmpuint(lamp->rules[3].states, ==, OPERATION_NEVER);
    g_assert_cmpstr(lamp->rules[3].concurrent[0], ==, "*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/generated/names/found", test_every_name_is_found);
    g_test_add_func("/generated/names/unknown", test_other_names_are_not);
    g_test_add_func("/generated/methods", test_flags_and_roles);
    g_test_add_func("/generated/arguments", test_arguments_arrive);
    g_test_add_func("/generated/results", test_results_come_back);
    g_test_add_func("/generated/failure", test_failure_leaves_the_result);
    g_test_add_func("/generated/change", test_change_runs);
    g_test_add_func("/generated/errors", test_errors);
    g_test_add_func("/generated/enums", test_enums);
    g_test_add_func("/generated/schema", test_schema);
    g_test_add_func("/generated/operations", test_operation_rules);
    return g_test_run();
}

bool lamp_create(Call *call G_GNUC_UNUSED, const LampCreateArgs *args G_GNUC_UNUSED,
                 LampRef *ret_result, Err **err G_GNUC_UNUSED)
{
    *ret_result = LAMP_REF_NULL;
    return true;
}

bool lamp_switch_on(Call *call, const LampSwitchOnArgs *args, Err **err G_GNUC_UNUSED)
{
    ((Seen *)call->core)->switch_on = *args;
    return true;
}

bool lamp_tell(Call *call, const LampDescribeArgs *args, char **ret_result, Err **err G_GNUC_UNUSED)
{
    Seen *seen = (Seen *)call->core;
    seen->since = args->since;
    seen->weight = args->weight;
    seen->names = value_count(args->names);
    *ret_result = g_strdup("told");
    return true;
}

bool lamp_find(Call *call G_GNUC_UNUSED, const LampFindArgs *args G_GNUC_UNUSED, Value **ret_result,
               Err **err G_GNUC_UNUSED)
{
    *ret_result = value_new_array(0);
    return true;
}

bool lamp_move(Call *call G_GNUC_UNUSED, const LampMoveArgs *args, RoomRef *ret_result,
               Err **err G_GNUC_UNUSED)
{
    *ret_result = args->room;
    return true;
}

bool lamp_look(Call *call, LampState *ret_result, Err **err)
{
    if (((Seen *)call->core)->fail) {
        return err_no_lamp(err);
    }
    *ret_result = LAMP_STATE_VERY_BRIGHT;
    return true;
}

bool light_sample_last(Call *call G_GNUC_UNUSED, const LightSampleLastArgs *args G_GNUC_UNUSED,
                       Value **ret_result, Err **err G_GNUC_UNUSED)
{
    *ret_result = value_new_array(0);
    return true;
}

bool lamp_change_name_label(Call *call, LampRef self, const Value *new_value G_GNUC_UNUSED,
                            Err **err G_GNUC_UNUSED)
{
    ((Seen *)call->core)->changed = self.id;
    return true;
}

bool lamp_change_watts(Call *call, LampRef self, const Value *new_value G_GNUC_UNUSED,
                       Err **err G_GNUC_UNUSED)
{
    ((Seen *)call->core)->changed = self.id;
    return true;
}
