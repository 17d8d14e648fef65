/* Subjects: the users and groups of a directory that may log in, and their roles. */
#include "core/core.h"
#include "core/record.h"
#include "gen/db_role.h"
#include "gen/db_subject.h"
#include "gen/errors.h"
#include "gen/ops_subject.h"
#include "ops/role/role_query.h"

static bool commit(Call *call, DbTxn *txn, Err **err);
static bool exists_by_identifier(const DbView *view, const char *identifier);
static bool has_role(const DbView *view, SubjectRef subject, RoleRef role);

bool subject_create(Call *call, const SubjectCreateArgs *args, SubjectRef *ret_result, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    const char *identifier = value_get_string(args->record, "subject_identifier");
    if (exists_by_identifier(db_txn_view(txn), identifier ? identifier : "")) {
        db_abort(txn);
        return err_subject_already_exists(err);
    }
    SubjectRef subject = db_subject_create(txn);
    record_write_new(txn, CLASS_SUBJECT, subject.id, args->record);
    *ret_result = subject;
    return db_commit(txn, err);
}

bool subject_destroy(Call *call, const SubjectDestroyArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    if (!db_subject_exists(db_txn_view(txn), args->self)) {
        db_abort(txn);
        return err_handle_invalid(err, "subject", REF_TEXT(args->self.id));
    }
    db_subject_delete(txn, args->self);
    return commit(call, txn, err);
}

/* Permissions are roles too, but not ones that can be given. */
bool subject_add_to_roles(Call *call, const SubjectAddToRolesArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    bool ok = db_subject_exists(view, args->self) ||
              err_handle_invalid(err, "subject", REF_TEXT(args->self.id));
    ok = ok && (db_role_subroles_count(view, args->role) > 0 || err_role_not_found(err));
    ok = ok && (!has_role(view, args->self, args->role) || err_role_already_exists(err));
    if (!ok) {
        db_abort(txn);
        return false;
    }
    db_subject_add_roles(txn, args->self, args->role);
    return commit(call, txn, err);
}

bool subject_remove_from_roles(Call *call, const SubjectRemoveFromRolesArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    bool ok = db_subject_exists(view, args->self) ||
              err_handle_invalid(err, "subject", REF_TEXT(args->self.id));
    ok = ok && (has_role(view, args->self, args->role) || err_role_not_found(err));
    if (!ok) {
        db_abort(txn);
        return false;
    }
    db_subject_remove_roles(txn, args->self, args->role);
    return commit(call, txn, err);
}

bool subject_get_permissions_name_label(Call *call, const SubjectGetPermissionsNameLabelArgs *args,
                                        Value **ret_result, Err **err)
{
    const DbView *view = call_view(call);
    if (!db_subject_exists(view, args->self)) {
        return err_handle_invalid(err, "subject", REF_TEXT(args->self.id));
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Value *names = value_new_array(0);
    for (unsigned i = 0; i < db_subject_roles_count(view, args->self); i++) {
        role_query_add_names(view, db_subject_roles_at(view, args->self, i), seen, names);
    }
    *ret_result = names;
    return true;
}

/* Users who are logged in get what they may do now. */
static bool commit(Call *call, DbTxn *txn, Err **err)
{
    if (!db_commit(txn, err)) {
        return false;
    }
    sessions_recheck(core_sessions(call->core));
    return true;
}

static bool exists_by_identifier(const DbView *view, const char *identifier)
{
    g_autoptr(GArray) subjects = db_subject_all(view);
    for (guint i = 0; i < subjects->len; i++) {
        SubjectRef subject = g_array_index(subjects, SubjectRef, i);
        if (strcmp(db_subject_subject_identifier(view, subject), identifier) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_role(const DbView *view, SubjectRef subject, RoleRef role)
{
    for (unsigned i = 0; i < db_subject_roles_count(view, subject); i++) {
        if (role_ref_equal(db_subject_roles_at(view, subject, i), role)) {
            return true;
        }
    }
    return false;
}
