/* VM.set_bios_strings and copy_bios_strings: what a guest finds in its SMBIOS tables, given once.
 */
#include "gen/db_host.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"

enum { BIOS_TEXT_MAX = 512 };

static const char *const settable[] = {"bios-vendor",
                                       "bios-version",
                                       "system-manufacturer",
                                       "system-product-name",
                                       "system-version",
                                       "system-serial-number",
                                       "baseboard-manufacturer",
                                       "baseboard-product-name",
                                       "baseboard-version",
                                       "baseboard-serial-number",
                                       "baseboard-asset-tag",
                                       "baseboard-location-in-chassis",
                                       "enclosure-asset-tag",
                                       NULL};

static bool check_unset(const DbView *view, VmRef vm, Err **err);
static bool check_texts(const Value *texts, Err **err);

/* What is not given stays the engine's own text. */
bool vm_set_bios_strings(Call *call, const VmSetBiosStringsArgs *args, Err **err)
{
    if (!check_unset(call_view(call), args->self, err) || !check_texts(args->value, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_bios_strings(txn, args->self, value_ref((Value *)args->value));
    return db_commit(txn, err);
}

/* A VM that looks like a host belongs to it: licences hang on that. */
bool vm_copy_bios_strings(Call *call, const VmCopyBiosStringsArgs *args, Err **err)
{
    if (!check_unset(call_view(call), args->vm, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    const Value *texts = db_host_bios_strings(db_txn_view(txn), args->host);
    db_vm_set_bios_strings(txn, args->vm, value_ref((Value *)texts));
    db_vm_set_affinity(txn, args->vm, args->host);
    return db_commit(txn, err);
}

static bool check_unset(const DbView *view, VmRef vm, Err **err)
{
    return value_count(db_vm_bios_strings(view, vm)) == 0 || err_vm_bios_strings_already_set(err);
}

static bool check_texts(const Value *texts, Err **err)
{
    for (unsigned i = 0; i < value_count(texts); i++) {
        const char *name = value_name_at(texts, i);
        size_t length = value_string_length(value_at(texts, i));
        if (!g_strv_contains(settable, name)) {
            return err_invalid_value(err, name, "it is no BIOS string that can be set");
        }
        if (length < 1 || length > BIOS_TEXT_MAX) {
            return err_invalid_value(err, name, value_string(value_at(texts, i)));
        }
    }
    return true;
}
