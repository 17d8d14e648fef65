/* What a client wants to hear of: all classes, some classes, or single objects. */
#pragma once

#include "db/store.h"

typedef struct Subscription Subscription;

/* From strings "*", "class" and "class/OpaqueRef:..."; class names in any case. A class that does
 * not exist never matches. EVENT_SUBSCRIPTION_PARSE_FAILURE [text] for an empty piece. */
Subscription *subscription_new(const DbSchema *schema, const Value *classes, Err **err);
void subscription_free(Subscription *subscription);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Subscription, subscription_free)

bool subscription_wants(const Subscription *subscription, uint16_t class_id, Uuid ref);
bool subscription_wants_class(const Subscription *subscription, uint16_t class_id);

/* Adds or takes away what another one names. */
void subscription_add(Subscription *subscription, const Subscription *other);
void subscription_remove(Subscription *subscription, const Subscription *other);
