/* Any text to sexpr_parse(); what it takes is written and read back the same. */
#include "fuzz.h"

#include "wire/sexpr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Value) value = sexpr_parse((const char *)data, size, &err);
    g_assert_true((value == NULL) == (err != NULL));
    if (value) {
        g_autoptr(GString) text = g_string_new(NULL);
        sexpr_append(text, value);
        g_autoptr(Value) back = sexpr_parse(text->str, text->len, NULL);
        g_assert_true(value_equal(value, back));
    }
    return 0;
}
