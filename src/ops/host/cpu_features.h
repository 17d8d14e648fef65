/* Sets of CPU features and the text that 6.2 has for them: the words of HvHostInfo.cpu_features in
 * that order, eight hex digits each, with hyphens between. */
#pragma once

#include "hv/hv.h"

typedef struct CpuFeatures {
    uint32_t words[HV_CPU_WORDS];
} CpuFeatures;

#define CPU_FEATURES_TEXT_SIZE 36 /* with its NUL */

/* Hyphens and spaces may be anywhere. */
bool cpu_features_parse(const char *text, CpuFeatures *ret);
const char *cpu_features_format(CpuFeatures features, char text[CPU_FEATURES_TEXT_SIZE]);

CpuFeatures cpu_features_of(const uint32_t *words);
CpuFeatures cpu_features_both(CpuFeatures one, CpuFeatures other);
CpuFeatures cpu_features_without(CpuFeatures features, CpuFeatures others);
bool cpu_features_are_none(CpuFeatures features);
