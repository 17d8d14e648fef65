/* Class auth: questions to the directory that knows the users.  Without one nobody can be found. */
#include "core/core.h"
#include "gen/errors.h"
#include "gen/ops_auth.h"

static const Directory *directory_of(Call *call, Err **err);

bool auth_get_subject_identifier(Call *call, const AuthGetSubjectIdentifierArgs *args,
                                 char **ret_result, Err **err)
{
    const Directory *directory = directory_of(call, err);
    char *identifier = directory ? directory->find(args->subject_name, err) : NULL;
    if (!identifier) {
        return false;
    }
    *ret_result = identifier;
    return true;
}

bool auth_get_subject_information_from_identifier(
    Call *call, const AuthGetSubjectInformationFromIdentifierArgs *args, Value **ret_result,
    Err **err)
{
    const Directory *directory = directory_of(call, err);
    Value *known = directory ? directory->describe(args->subject_identifier, err) : NULL;
    if (!known) {
        return false;
    }
    *ret_result = known;
    return true;
}

bool auth_get_group_membership(Call *call, const AuthGetGroupMembershipArgs *args,
                               Value **ret_result, Err **err)
{
    const Directory *directory = directory_of(call, err);
    g_auto(GStrv) groups = directory ? directory->groups(args->subject_identifier, err) : NULL;
    if (!groups) {
        return false;
    }
    Value *identifiers = value_new_array(g_strv_length(groups));
    for (char **group = groups; *group; group++) {
        value_array_add(identifiers, value_new_string(*group));
    }
    *ret_result = identifiers;
    return true;
}

static const Directory *directory_of(Call *call, Err **err)
{
    const Directory *directory = sessions_directory(core_sessions(call->core));
    if (!directory) {
        err_subject_cannot_be_resolved(err);
    }
    return directory;
}
