/* Keeping those objects whose fields have given values. */
#pragma once

#include "front/cli/cli_record.h"

/* What a parameter name means for a record. */
typedef enum CliTargetKind { CLI_TARGET_FIELD, CLI_TARGET_SET, CLI_TARGET_MAP } CliTargetKind;

typedef struct CliTarget {
    CliTargetKind kind;
    const CliField *field;
    const char *key; /* after "field:" or "field-"; NULL for CLI_TARGET_FIELD (borrowed) */
} CliTarget;

/* Resolves "field", "field:key" and the older "field-key". Fails with CLI_FAILURE. */
bool cli_filter_resolve(const CliRecord *record, const char *name, CliTarget *ret_target,
                        Err **err);

/* Removes from `rows` what does not match. An empty array is not looked at any further. */
bool cli_filter_apply(CliObjects *objects, const CliRecord *record, const char *name,
                      const char *value, GArray *rows, Err **err);

/* Whether one row has the value. */
bool cli_filter_matches(CliObjects *objects, const CliTarget *target, const char *value,
                        const CliRow *row);
