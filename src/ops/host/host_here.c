/* What several messages of class host ask first.  A daemon that is one of several on a machine, as
 * in tests and demos, must not rename or switch off that machine: the configuration says which. */
#include "ops/host/host_here.h"

#include "gen/db_host.h"
#include "gen/db_vm.h"
#include "gen/errors.h"

bool host_here_check(Call *call, HostRef host, Err **err)
{
    return host_ref_equal(host, platform_host(call_platform(call))) ||
           err_handle_invalid(err, "host", REF_TEXT(host.id));
}

bool host_here_check_owned(Call *call, const char *what, Err **err)
{
    if (platform_config(call_platform(call))->owns_machine) {
        return true;
    }
    g_autofree char *text = g_strdup_printf(
        "This daemon may not %s; set manage-machine = yes in clearwater.conf to let it", what);
    return err_operation_not_allowed(err, text);
}

GArray *host_here_guests(const DbView *view, HostRef host)
{
    GArray *guests = g_array_new(FALSE, FALSE, sizeof(VmRef));
    for (unsigned i = 0; i < db_host_resident_vms_count(view, host); i++) {
        VmRef vm = db_host_resident_vms_at(view, host, i);
        if (!db_vm_is_control_domain(view, vm)) {
            g_array_append_val(guests, vm);
        }
    }
    return guests;
}
