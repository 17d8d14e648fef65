/* wire/writer.c: one result in each of its forms, and the tables of wire/form.c. */
#include "wire/writer.h"

#include "wire/json.h"
#include "wire/xmlrpc.h"

static const Uuid ref = {{1}};

/* Everything a writer can write, in every place where it can stand. */
static void write_all(Writer *writer)
{
    g_autoptr(Value) number = value_new_typed_int(7);
    g_autoptr(Value) map = value_new_struct(1);
    value_struct_add(map, "k<\"", value_new_string("v&\n"));
    writer_open_struct(writer);
    writer_name(writer, "a\"<");
    writer_text(writer, "b\\>");
    writer_name(writer, "empty");
    writer_open_array(writer);
    writer_close(writer);
    writer_name(writer, "list");
    writer_open_array(writer);
    writer_value(writer, number);
    writer_open_struct(writer);
    writer_close(writer);
    writer_value(writer, map);
    writer_open_array(writer);
    writer_ref(writer, ref);
    writer_text(writer, "");
    writer_close(writer);
    writer_close(writer);
    writer_name(writer, "last");
    writer_value(writer, map);
    writer_close(writer);
}

static Value *tree(void (*write)(Writer *writer))
{
    Writer writer;
    writer_init_tree(&writer);
    write(&writer);
    return writer_end(&writer);
}

/* As a text it must be what its tree is written as. */
static void assert_same(void (*write)(Writer *writer))
{
    g_autoptr(Value) value = tree(write);
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        g_autoptr(GString) expected = g_string_new("before");
        g_autoptr(GString) text = g_string_new("before");
        Writer writer;
        wire_forms[i].append_value(expected, value);
        writer_init_text(&writer, &wire_forms[i], text);
        write(&writer);
        g_autoptr(Value) end = writer_end(&writer);
        g_assert_cmpint(value_kind(end), ==, VALUE_VOID);
        g_assert_cmpstr(text->str, ==, expected->str);
    }
}

static void test_forms_agree(void)
{
    assert_same(write_all);
}

static void test_tree(void)
{
    g_autoptr(Value) value = tree(write_all);
    g_autoptr(GString) json = g_string_new(NULL);
    json_append(json, value);
    g_autofree char *expected = g_strdup_printf(
        "{\"a\\\"<\":\"b\\\\>\",\"empty\":[],\"list\":[7,{},{\"k<\\\"\":\"v&\\n\"},[\"%s\",\"\"]],"
        "\"last\":{\"k<\\\"\":\"v&\\n\"}}",
        REF_TEXT(ref));
    g_assert_cmpstr(json->str, ==, expected);
    Value *list = value_get(value, "list");
    g_assert_true(value_is_typed_int(value_at(list, 0)));
    g_assert_cmpint(value_kind(value_at(value_at(list, 3), 0)), ==, VALUE_REF);
}

static void write_text(Writer *writer)
{
    writer_text(writer, "alone");
}

static void test_scalar(void)
{
    assert_same(write_text);
}

/* What the caller writes himself gets what stands around a value all the same. */
static void write_raw(Writer *writer)
{
    g_autoptr(Value) value = value_new_string("raw");
    writer_open_struct(writer);
    for (unsigned i = 0; i < 2; i++) {
        writer_name(writer, i == 0 ? "first" : "second");
        GString *out = writer_begin_raw(writer);
        if (out) {
            writer->form->append_value(out, value);
            writer_end_raw(writer);
        } else {
            writer_value(writer, value);
        }
    }
    writer_close(writer);
}

static void test_raw(void)
{
    assert_same(write_raw);
}

static void test_given_up(void)
{
    g_auto(Writer) writer;
    writer_init_tree(&writer);
    writer_open_array(&writer);
    writer_open_struct(&writer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/writer/forms-agree", test_forms_agree);
    g_test_add_func("/writer/tree", test_tree);
    g_test_add_func("/writer/scalar", test_scalar);
    g_test_add_func("/writer/raw", test_raw);
    g_test_add_func("/writer/given-up", test_given_up);
    return g_test_run();
}
