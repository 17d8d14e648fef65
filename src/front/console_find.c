/* A request names a console, or a VM and means its first VNC console. */
#include "front/console_find.h"

#include "gen/db_console.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/platform.h"

static bool find_by_ref(const DbView *view, const char *text, ConsoleRef *ret_console,
                        VmRef *ret_vm);
static bool find_by_uuid(const DbView *view, const char *text, ConsoleRef *ret_console,
                         VmRef *ret_vm);
static ConsoleRef first_vnc(const DbView *view, VmRef vm);
static bool check_running(const DbView *view, HostRef here, VmRef vm, Err **err);

bool console_find(const DbView *view, HostRef here, const char *ref, const char *uuid,
                  ConsoleTarget *ret_target, Err **err)
{
    ConsoleRef console = {{{0}}};
    VmRef vm = {{{0}}};
    if (ref && !find_by_ref(view, ref, &console, &vm)) {
        return err_handle_invalid(err, "console", ref);
    }
    if (!ref && !find_by_uuid(view, uuid ? uuid : "", &console, &vm)) {
        return err_uuid_invalid(err, "console", uuid ? uuid : "");
    }
    if (!check_running(view, here, vm, err)) {
        return false;
    }
    if (console_ref_is_null(console)) {
        console = first_vnc(view, vm);
    }
    ConsoleTarget target = {
        .vm = vm, .is_text = db_console_protocol(view, console) == CONSOLE_PROTOCOL_VT100};
    if (!db_console_exists(view, console) || !uuid_parse(db_vm_uuid(view, vm), &target.domain)) {
        return err_handle_invalid(err, "console", REF_TEXT(console.id));
    }
    *ret_target = target;
    return true;
}

bool console_find_for(const FrontCaller *caller, const HttpHead *head, Permission host_part,
                      ConsoleTarget *ret_target, Err **err)
{
    g_autofree char *ref = front_auth_param(head, "ref");
    g_autofree char *uuid = front_auth_param(head, "uuid");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(caller->core));
    const DbView *view = db_snapshot_view(snapshot);
    HostRef here = platform_host(core_platform(caller->core));
    return console_find(view, here, ref, uuid, ret_target, err) &&
           (!db_vm_is_control_domain(view, ret_target->vm) ||
            front_auth_check(caller, host_part, err));
}

/* The console stays null when a VM was named. */
static bool find_by_ref(const DbView *view, const char *text, ConsoleRef *ret_console,
                        VmRef *ret_vm)
{
    Uuid ref;
    if (!value_ref_parse(text, &ref)) {
        return false;
    }
    if (db_find(view, CLASS_CONSOLE, ref)) {
        ret_console->id = ref;
        *ret_vm = db_console_vm(view, *ret_console);
        return true;
    }
    ret_vm->id = ref;
    return db_vm_exists(view, *ret_vm);
}

static bool find_by_uuid(const DbView *view, const char *text, ConsoleRef *ret_console,
                         VmRef *ret_vm)
{
    ConsoleRef console = db_console_by_uuid(view, text);
    if (!console_ref_is_null(console)) {
        *ret_console = console;
        *ret_vm = db_console_vm(view, console);
        return true;
    }
    *ret_vm = db_vm_by_uuid(view, text);
    return !vm_ref_is_null(*ret_vm);
}

static ConsoleRef first_vnc(const DbView *view, VmRef vm)
{
    for (unsigned i = 0; i < db_vm_consoles_count(view, vm); i++) {
        ConsoleRef console = db_vm_consoles_at(view, vm, i);
        if (db_console_protocol(view, console) == CONSOLE_PROTOCOL_RFB) {
            return console;
        }
    }
    return (ConsoleRef){{{0}}};
}

/* A paused VM has its picture too: one that was started paused is watched from its first moment. */
static bool check_running(const DbView *view, HostRef here, VmRef vm, Err **err)
{
    VmPowerState state = db_vm_power_state(view, vm);
    if (state != VM_POWER_STATE_RUNNING && state != VM_POWER_STATE_PAUSED) {
        g_autofree char *actual = g_ascii_strdown(vm_power_state_to_string(state), -1);
        return err_vm_bad_power_state(err, REF_TEXT(vm.id), "running", actual);
    }
    if (!host_ref_equal(db_vm_resident_on(view, vm), here)) {
        return err_internal(err, "VM %s does not run on this host", db_vm_uuid(view, vm));
    }
    return true;
}
