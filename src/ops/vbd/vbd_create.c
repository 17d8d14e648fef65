/* VBD.create and destroy. */
#include "base/text.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vbd.h"
#include "ops/vbd/vbd_device.h"

/* What a record asks for, read once. */
typedef struct VbdRequest {
    VmRef vm;
    VdiRef vdi;
    VbdType type;
    VbdMode mode;
    bool empty;
    const char *userdevice;
} VbdRequest;

static const char *const copied_maps[] = {"other_config", "qos_algorithm_params"};

static bool check_destroyable(const DbView *view, VbdRef vbd, Err **err);
static VbdRequest read_request(const Value *record);
static bool check_request(const DbView *view, const VbdRequest *request, Err **err);
static bool check_medium(const DbView *view, const VbdRequest *request, Err **err);
static void write_vbd(DbTxn *txn, VbdRef vbd, const VbdRequest *request, const char *device,
                      const Value *record);

bool vbd_create(Call *call, const VbdCreateArgs *args, VbdRef *ret_result, Err **err)
{
    VbdRequest request = read_request(args->record);
    DbTxn *txn = db_begin(call->db);
    char device[VBD_DEVICE_SIZE];
    if (!check_request(db_txn_view(txn), &request, err) ||
        !vbd_device_choose(db_txn_view(txn), request.vm, request.userdevice, device, err)) {
        db_abort(txn);
        return false;
    }
    VbdRef vbd = db_vbd_create(txn);
    write_vbd(txn, vbd, &request, device, args->record);
    *ret_result = vbd;
    return db_commit(txn, err);
}

bool vbd_destroy(Call *call, const VbdDestroyArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    if (!check_destroyable(db_txn_view(txn), args->self, err)) {
        db_abort(txn);
        return false;
    }
    db_vbd_delete(txn, args->self);
    return db_commit(txn, err);
}

static bool check_destroyable(const DbView *view, VbdRef vbd, Err **err)
{
    const Value *current = db_vbd_current_operations(view, vbd);
    if (value_count(current) > 0) {
        return err_other_operation_in_progress(err, "VBD", REF_TEXT(vbd.id),
                                               value_string(value_at(current, 0)),
                                               value_name_at(current, 0));
    }
    return !db_vbd_currently_attached(view, vbd) ||
           err_operation_not_allowed(err, "VBD is currently attached");
}

static VbdRequest read_request(const Value *record)
{
    VbdRequest request = {.vm = {value_uuid(value_get(record, "VM"))},
                          .vdi = {value_uuid(value_get(record, "VDI"))},
                          .empty = value_bool(value_get(record, "empty")),
                          .userdevice = value_get_string(record, "userdevice")};
    vbd_type_from_string(value_string(value_get(record, "type")), &request.type);
    vbd_mode_from_string(value_string(value_get(record, "mode")), &request.mode);
    if (!request.userdevice) {
        request.userdevice = "autodetect";
    }
    return request;
}

static bool check_request(const DbView *view, const VbdRequest *request, Err **err)
{
    if (!db_vm_exists(view, request->vm)) {
        return err_handle_invalid(err, "VM", REF_TEXT(request->vm.id));
    }
    if (request->type == VBD_TYPE_CD && request->mode != VBD_MODE_RO) {
        return err_vbd_cds_must_be_readonly(err);
    }
    if (request->empty) {
        return request->type == VBD_TYPE_CD || err_vbd_not_removable_media(err, "in constructor");
    }
    return check_medium(view, request, err);
}

static bool check_medium(const DbView *view, const VbdRequest *request, Err **err)
{
    VdiRef vdi = request->vdi;
    if (!db_vdi_exists(view, vdi)) {
        return err_handle_invalid(err, "VDI", REF_TEXT(vdi.id));
    }
    if (!db_vdi_managed(view, vdi)) {
        return err_vdi_not_managed(err, REF_TEXT(vdi.id));
    }
    bool for_guests = db_vdi_type(view, vdi) == VDI_TYPE_SYSTEM ||
                      db_vdi_type(view, vdi) == VDI_TYPE_USER ||
                      db_vdi_type(view, vdi) == VDI_TYPE_EPHEMERAL;
    if (!for_guests) {
        return err_vdi_incompatible_type(err, REF_TEXT(vdi.id),
                                         vdi_type_to_string(db_vdi_type(view, vdi)));
    }
    if (request->mode == VBD_MODE_RW && db_vdi_read_only(view, vdi)) {
        return err_vdi_readonly(err, REF_TEXT(vdi.id));
    }
    return true;
}

static void write_vbd(DbTxn *txn, VbdRef vbd, const VbdRequest *request, const char *device,
                      const Value *record)
{
    Value *unpluggable = value_get(record, "unpluggable");
    db_vbd_set_vm(txn, vbd, request->vm);
    db_vbd_set_vdi(txn, vbd, request->empty ? (VdiRef){{{0}}} : request->vdi);
    db_vbd_set_empty(txn, vbd, request->empty);
    db_vbd_set_type(txn, vbd, request->type);
    db_vbd_set_mode(txn, vbd, request->mode);
    db_vbd_set_userdevice(txn, vbd, device);
    db_vbd_set_bootable(txn, vbd, value_bool(value_get(record, "bootable")));
    db_vbd_set_unpluggable(txn, vbd, !unpluggable || value_bool(unpluggable));
    db_vbd_set_currently_attached(txn, vbd, false);
    const char *algorithm = value_get_string(record, "qos_algorithm_type");
    db_vbd_set_qos_algorithm_type(txn, vbd, algorithm ? algorithm : "");
    for (size_t i = 0; i < G_N_ELEMENTS(copied_maps); i++) {
        Value *map = value_get(record, copied_maps[i]);
        int field = db_class_find_field(&db_view_schema(db_txn_view(txn))->classes[CLASS_VBD],
                                        copied_maps[i]);
        if (map) {
            db_set(txn, CLASS_VBD, vbd.id, field, value_ref(map));
        }
    }
}
