/* The permissions of roles. */
#pragma once

#include "db/store.h"
#include "gen/types.h"

/* Adds the names of all permissions of `role` to `names`, each once; `seen` remembers them. */
void role_query_add_names(const DbView *view, RoleRef role, GHashTable *seen, Value *names);
