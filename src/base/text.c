/* Number, size and date conversions that refuse what they do not understand.  None of them
 * depends on the locale. */
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what four digits of year can say. */
#define TEXT_DATETIME_MIN INT64_C(-62167219200)
#define TEXT_DATETIME_MAX INT64_C(253402300799)

typedef struct SizeUnit {
    const char *suffix; /* compared without case */
    unsigned shift;
} SizeUnit;

/* The suffixes of the xe command; all of them are powers of 1024. */
static const SizeUnit size_units[] = {
    {"", 0},     {"b", 0},    {"bytes", 0}, {"k", 10},   {"kb", 10},
    {"kib", 10}, {"m", 20},   {"mb", 20},   {"mib", 20}, {"g", 30},
    {"gb", 30},  {"gib", 30}, {"t", 40},    {"tb", 40},  {"tib", 40},
};

static const char *const true_words[] = {"true", "t", "yes", "y", "1"};
static const char *const false_words[] = {"false", "f", "no", "n", "0"};

static bool text_parse_digits(const char *text, unsigned base, uint64_t max, uint64_t *ret);
static bool text_is_one_of(const char *text, const char *const *words, size_t count);
static bool text_read_fixed(const char **at, unsigned digits, int *ret);
static bool text_read_char(const char **at, char expected);
static bool text_read_date(const char **at, struct tm *ret);
static bool text_read_time(const char **at, struct tm *ret);
static bool text_read_zone(const char **at, int64_t *ret_offset);

bool text_parse_int(const char *text, int64_t *ret)
{
    uint64_t magnitude;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        if (!text_parse_digits(text + 2, 16, INT64_MAX, &magnitude)) {
            return false;
        }
        *ret = (int64_t)magnitude;
        return true;
    }
    bool negative = text[0] == '-';
    uint64_t max = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    if (!text_parse_digits(text + negative, 10, max, &magnitude)) {
        return false;
    }
    *ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool text_parse_uint(const char *text, uint64_t max, uint64_t *ret)
{
    return text_parse_digits(text, 10, max, ret);
}

bool text_parse_float(const char *text, double *ret)
{
    /* strtod(3) takes spaces, hexadecimal, "inf" and "nan" as well; the API has none of them. */
    if (!*text || *text == '+' || text[strspn(text, "0123456789.eE+-")] != '\0') {
        return false;
    }
    char *end;
    double number = g_ascii_strtod(text, &end);
    if (*end || !isfinite(number)) {
        return false;
    }
    *ret = number;
    return true;
}

bool text_parse_bool(const char *text, bool *ret)
{
    if (text_is_one_of(text, true_words, G_N_ELEMENTS(true_words))) {
        *ret = true;
        return true;
    }
    if (text_is_one_of(text, false_words, G_N_ELEMENTS(false_words))) {
        *ret = false;
        return true;
    }
    return false;
}

bool text_parse_size(const char *text, int64_t *ret)
{
    char digits[32];
    size_t length = strspn(text, "0123456789");
    uint64_t number;
    if (length >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!text_parse_digits(digits, 10, INT64_MAX, &number)) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(size_units); i++) {
        if (g_ascii_strcasecmp(text + length, size_units[i].suffix) == 0) {
            if (number > (uint64_t)INT64_MAX >> size_units[i].shift) {
                return false;
            }
            *ret = (int64_t)(number << size_units[i].shift);
            return true;
        }
    }
    return false;
}

const char *text_format_int(int64_t number, char text[TEXT_INT_SIZE])
{
    char digits[TEXT_INT_SIZE];
    char *first = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    char *out = text;
    if (number < 0) {
        *out++ = '-';
    }
    size_t length = (size_t)(digits + sizeof digits - first);
    memcpy(out, first, length);
    out[length] = '\0';
    return text;
}

bool text_is_utf8_xml(const char *text, size_t length)
{
    if (!g_utf8_validate_len(text, length, NULL)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') {
            return false;
        }
        /* U+FFFE and U+FFFF are EF BF BE and EF BF BF; the text is valid, so three bytes stand. */
        if (byte == 0xef && (unsigned char)text[i + 1] == 0xbf &&
            (unsigned char)text[i + 2] >= 0xbe) {
            return false;
        }
    }
    return true;
}

const char *text_format_datetime(int64_t seconds, char text[TEXT_DATETIME_SIZE])
{
    time_t clamped = (time_t)CLAMP(seconds, TEXT_DATETIME_MIN, TEXT_DATETIME_MAX);
    struct tm utc;
    gmtime_r(&clamped, &utc);
    g_snprintf(text, TEXT_DATETIME_SIZE, "%04d%02d%02dT%02d:%02d:%02dZ", utc.tm_year + 1900,
               utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    return text;
}

bool text_parse_datetime(const char *text, int64_t *ret_seconds)
{
    struct tm utc = {0};
    int64_t offset;
    const char *at = text;
    if (!text_read_date(&at, &utc) || !text_read_char(&at, 'T') || !text_read_time(&at, &utc) ||
        !text_read_zone(&at, &offset) || *at) {
        return false;
    }
    /* timegm(3) turns the 31st of April into the 1st of May; a date that changes was none. */
    int month = utc.tm_mon;
    int64_t seconds = timegm(&utc);
    if (utc.tm_mon != month) {
        return false;
    }
    *ret_seconds = seconds - offset;
    return true;
}

bool text_equal(const char *a, const char *b)
{
    return g_strcmp0(a, b) == 0;
}

static bool text_parse_digits(const char *text, unsigned base, uint64_t max, uint64_t *ret)
{
    uint64_t number = 0;
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        int digit = g_ascii_xdigit_value(*text);
        if (digit < 0 || (unsigned)digit >= base || (unsigned)digit > max ||
            number > (max - (unsigned)digit) / base) {
            return false;
        }
        number = number * base + (unsigned)digit;
    }
    *ret = number;
    return true;
}

static bool text_is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (g_ascii_strcasecmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool text_read_fixed(const char **at, unsigned digits, int *ret)
{
    int number = 0;
    for (unsigned i = 0; i < digits; i++) {
        int digit = g_ascii_digit_value((*at)[i]);
        if (digit < 0) {
            return false;
        }
        number = number * 10 + digit;
    }
    *at += digits;
    *ret = number;
    return true;
}

static bool text_read_char(const char **at, char expected)
{
    if (**at != expected) {
        return false;
    }
    (*at)++;
    return true;
}

/* YYYYMMDD or YYYY-MM-DD. */
static bool text_read_date(const char **at, struct tm *ret)
{
    int year, month, day;
    if (!text_read_fixed(at, 4, &year)) {
        return false;
    }
    bool dashes = text_read_char(at, '-');
    if (!text_read_fixed(at, 2, &month) || (dashes && !text_read_char(at, '-')) ||
        !text_read_fixed(at, 2, &day)) {
        return false;
    }
    ret->tm_year = year - 1900;
    ret->tm_mon = month - 1;
    ret->tm_mday = day;
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* HH:MM:SS; a fraction, which JavaScript clients send, is read and dropped. */
static bool text_read_time(const char **at, struct tm *ret)
{
    if (!text_read_fixed(at, 2, &ret->tm_hour) || !text_read_char(at, ':') ||
        !text_read_fixed(at, 2, &ret->tm_min) || !text_read_char(at, ':') ||
        !text_read_fixed(at, 2, &ret->tm_sec)) {
        return false;
    }
    if (text_read_char(at, '.')) {
        size_t digits = strspn(*at, "0123456789");
        if (digits == 0) {
            return false;
        }
        *at += digits;
    }
    return ret->tm_hour <= 23 && ret->tm_min <= 59 && ret->tm_sec <= 60;
}

/* Z, +hh:mm, -hh:mm or nothing, which means UTC. */
static bool text_read_zone(const char **at, int64_t *ret_offset)
{
    *ret_offset = 0;
    if (**at == '\0' || text_read_char(at, 'Z')) {
        return true;
    }
    int sign = **at == '-' ? -1 : 1;
    int hours, minutes;
    if ((**at != '+' && **at != '-') || (++*at, !text_read_fixed(at, 2, &hours)) ||
        !text_read_char(at, ':') || !text_read_fixed(at, 2, &minutes) || hours > 23 ||
        minutes > 59) {
        return false;
    }
    *ret_offset = (int64_t)sign * (hours * 3600 + minutes * 60);
    return true;
}
