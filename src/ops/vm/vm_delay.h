/* The delays that a VM's start and end have in sequences: the message answers when they are over.
 */
#pragma once

#include "core/call.h"

/* Longer delays end then. */
enum { VM_DELAY_MAX_SECONDS = 7 * 24 * 60 * 60 };

/* TASK_CANCELLED when the call is cancelled meanwhile. */
bool vm_delay(Call *call, int64_t seconds, Err **err);
