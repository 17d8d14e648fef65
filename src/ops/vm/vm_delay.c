/* The wait itself is what was asked for. */
#include "ops/vm/vm_delay.h"

bool vm_delay(Call *call, int64_t seconds, Err **err)
{
    return seconds <= 0 ||
           op_sleep(call->op, MIN(seconds, VM_DELAY_MAX_SECONDS) * USEC_PER_SEC, err);
}
