/* Any text to alarm_config_parse(), of a VM, a host and a repository; what it takes is complete. */
#include "fuzz.h"

#include "ops/metrics/alarm_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const AlarmOwner owners[] = {ALARM_OF_VM, ALARM_OF_HOST, ALARM_OF_SR};
    g_autofree char *xml = g_strndup((const char *)data, size);
    for (size_t i = 0; i < G_N_ELEMENTS(owners); i++) {
        const char *sr = owners[i] == ALARM_OF_SR ? "2f1ec3b8-8b1c-4ad1-9a4e-1b1d1e1f2a3b" : NULL;
        g_autoptr(Err) err = NULL;
        g_autoptr(GPtrArray) variables = alarm_config_parse(xml, owners[i], sr, &err);
        g_assert_true((variables == NULL) == (err != NULL));
        g_assert_true(!variables || variables->len <= ALARM_MAX_VARIABLES);
        for (guint v = 0; variables && v < variables->len; v++) {
            const AlarmVariable *variable = g_ptr_array_index(variables, v);
            g_assert_nonnull(variable->name);
            g_assert_nonnull(variable->xml);
            g_assert_nonnull(variable->pattern);
        }
    }
    return 0;
}
