/* What all network drivers share: the checking of names. */
#include "network/nw.h"

bool nw_check_name(const char *name, Err **err)
{
    size_t length = strlen(name);
    bool valid =
        length > 0 && length < NW_NAME_SIZE && !g_str_equal(name, ".") && !g_str_equal(name, "..");
    for (size_t i = 0; i < length; i++) {
        valid = valid && g_ascii_isgraph(name[i]) && name[i] != '/' && name[i] != ':';
    }
    return valid || err_internal(err, "'%s' cannot be the name of an interface", name);
}
