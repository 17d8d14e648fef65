/* The text of /proc/net/dev: two lines of headings, then "name: " and sixteen numbers, of which the
 * first eight are received and the rest sent. */
#include "base/text.h"
#include "network/nw.h"

enum { BYTES = 0, ERRORS = 2, SENT = 8, FIELDS = 16 };

static bool parse_line(const char *line, NwCounters *ret_counters);

GArray *nw_counters_parse(const char *text)
{
    GArray *counters = g_array_new(FALSE, FALSE, sizeof(NwCounters));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        NwCounters one;
        if (parse_line(lines[i], &one)) {
            g_array_append_val(counters, one);
        }
    }
    return counters;
}

/* Names have no colon in them, so the first one ends the name. */
static bool parse_line(const char *line, NwCounters *ret_counters)
{
    const char *colon = strchr(line, ':');
    uint64_t numbers[FIELDS];
    NwCounters counters = {.name = ""};
    if (!colon) {
        return false;
    }
    const char *name = line + strspn(line, " ");
    size_t length = (size_t)(colon - name);
    if (length == 0 || length >= sizeof counters.name) {
        return false;
    }
    memcpy(counters.name, name, length);
    const char *at = colon + 1;
    for (unsigned i = 0; i < FIELDS; i++) {
        at += strspn(at, " ");
        char digits[TEXT_INT_SIZE] = "";
        size_t size = strcspn(at, " ");
        if (size >= sizeof digits) {
            return false;
        }
        memcpy(digits, at, size);
        if (!text_parse_uint(digits, UINT64_MAX, &numbers[i])) {
            return false;
        }
        at += size;
    }
    counters.rx_bytes = numbers[BYTES];
    counters.rx_errors = numbers[ERRORS];
    counters.tx_bytes = numbers[SENT + BYTES];
    counters.tx_errors = numbers[SENT + ERRORS];
    *ret_counters = counters;
    return true;
}
