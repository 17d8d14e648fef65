/* Changing single fields of an object: what <family>-param-set, -add, -remove and -clear do. */
#pragma once

#include "front/cli/cli_record.h"

bool cli_param_set(CliObjects *objects, const CliRecord *record, const CliRow *row, Err **err);
bool cli_param_add(CliObjects *objects, const CliRecord *record, const CliRow *row, Err **err);
bool cli_param_remove(CliObjects *objects, const CliRecord *record, const CliRow *row, Err **err);
bool cli_param_clear(CliObjects *objects, const CliRecord *record, const CliRow *row, Err **err);
