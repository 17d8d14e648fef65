/* Class auth: questions to the directory that knows the users.  No directory is joined, so nobody
 * can be found in one. */
#include "gen/errors.h"
#include "gen/ops.h"

bool auth_get_subject_identifier(Call *call, const AuthGetSubjectIdentifierArgs *args,
                                 char **ret_result, Err **err)
{
    (void)call;
    (void)args;
    (void)ret_result;
    return err_subject_cannot_be_resolved(err);
}

bool auth_get_subject_information_from_identifier(
    Call *call, const AuthGetSubjectInformationFromIdentifierArgs *args, Value **ret_result,
    Err **err)
{
    (void)call;
    (void)args;
    (void)ret_result;
    return err_subject_cannot_be_resolved(err);
}

bool auth_get_group_membership(Call *call, const AuthGetGroupMembershipArgs *args,
                               Value **ret_result, Err **err)
{
    (void)call;
    (void)args;
    (void)ret_result;
    return err_subject_cannot_be_resolved(err);
}
