/* What a fuzz target is: one function over bytes, in the form that libFuzzer calls.  It must
 * come back from any input without a crash, a leak or a failed assertion. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
