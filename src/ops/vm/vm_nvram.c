/* A copy appears whole.  One whose VM does not come to be is overwritten or of no use to anybody:
 * no other VM will have its uuid. */
#include "ops/vm/vm_nvram.h"

#include "base/fd.h"

#include <sys/stat.h>
#include <unistd.h>

/* The largest of QEMU's variable stores has 528 KiB. */
#define NVRAM_MAX_SIZE ((size_t)4 * 1024 * 1024)

const char *vm_nvram_path(Call *call, const char *vm_uuid)
{
    return arena_printf(call->arena, "%s/nvram/%s.fd",
                        platform_paths(call_platform(call))->state_dir, vm_uuid);
}

bool vm_nvram_copy(Call *call, const char *from_uuid, const char *to_uuid, Err **err)
{
    const char *from = vm_nvram_path(call, from_uuid);
    struct stat found;
    size_t length;
    if (stat(from, &found) != 0) {
        vm_nvram_remove(call, to_uuid);
        return true;
    }
    g_autofree char *variables = fd_read_file(from, NVRAM_MAX_SIZE, &length, err);
    return variables && fd_write_file(vm_nvram_path(call, to_uuid), variables, length,
                                      found.st_mode & 0777, err);
}

void vm_nvram_remove(Call *call, const char *vm_uuid)
{
    (void)unlink(vm_nvram_path(call, vm_uuid));
}
