/* Any bytes to json_parse(); what it takes must be written so that it reads back the same. */
#include "fuzz.h"

#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Value) value = json_parse((const char *)data, size, &err);
    g_assert_true((value == NULL) == (err != NULL));
    if (value) {
        g_autoptr(GString) text = g_string_new(NULL);
        json_append(text, value);
        g_autoptr(Value) again = json_parse(text->str, text->len, &err);
        g_assert_true(again && value_equal(value, again));
    }
    return 0;
}
