/* Words of bits; what the bits mean is the engines' business. */
#include "ops/host/cpu_features.h"

enum { DIGITS_PER_WORD = 8 };

bool cpu_features_parse(const char *text, CpuFeatures *ret)
{
    CpuFeatures features = {{0}};
    unsigned digits = 0;
    for (; *text; text++) {
        if (*text == '-' || *text == ' ') {
            continue;
        }
        int value = g_ascii_xdigit_value(*text);
        if (value < 0 || digits == DIGITS_PER_WORD * HV_CPU_WORDS) {
            return false;
        }
        uint32_t *word = &features.words[digits++ / DIGITS_PER_WORD];
        *word = *word << 4 | (uint32_t)value;
    }
    if (digits != DIGITS_PER_WORD * HV_CPU_WORDS) {
        return false;
    }
    *ret = features;
    return true;
}

const char *cpu_features_format(CpuFeatures features, char text[CPU_FEATURES_TEXT_SIZE])
{
    const uint32_t *words = features.words;
    g_snprintf(text, CPU_FEATURES_TEXT_SIZE, "%08x-%08x-%08x-%08x", words[HV_CPU_ECX],
               words[HV_CPU_EDX], words[HV_CPU_EXTENDED_ECX], words[HV_CPU_EXTENDED_EDX]);
    return text;
}

CpuFeatures cpu_features_of(const uint32_t *words)
{
    CpuFeatures features;
    memcpy(features.words, words, sizeof features.words);
    return features;
}

CpuFeatures cpu_features_both(CpuFeatures one, CpuFeatures other)
{
    for (unsigned i = 0; i < HV_CPU_WORDS; i++) {
        one.words[i] &= other.words[i];
    }
    return one;
}

CpuFeatures cpu_features_without(CpuFeatures features, CpuFeatures others)
{
    for (unsigned i = 0; i < HV_CPU_WORDS; i++) {
        features.words[i] &= ~others.words[i];
    }
    return features;
}

bool cpu_features_are_none(CpuFeatures features)
{
    uint32_t any = 0;
    for (unsigned i = 0; i < HV_CPU_WORDS; i++) {
        any |= features.words[i];
    }
    return any == 0;
}
