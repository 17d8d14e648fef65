/* Subscriptions as one flag for each class and a set of single objects. */
#include "core/subscription.h"

#include "gen/errors.h"

struct Subscription {
    const DbSchema *schema;
    bool *whole;         /* by class: every object of it */
    GHashTable *objects; /* SubscribedObject * as a set */
};

typedef struct SubscribedObject {
    Uuid ref;
    uint16_t class_id;
} SubscribedObject;

static int find_class(const DbSchema *schema, const char *name, size_t length);
static bool add_text(Subscription *subscription, const char *text, Err **err);
static void add_object(Subscription *subscription, uint16_t class_id, Uuid ref);
static guint object_hash(gconstpointer object);
static gboolean object_equal(gconstpointer a, gconstpointer b);

Subscription *subscription_new(const DbSchema *schema, const Value *classes, Err **err)
{
    g_autoptr(Subscription) subscription = g_new0(Subscription, 1);
    subscription->schema = schema;
    subscription->whole = g_new0(bool, schema->class_count);
    subscription->objects = g_hash_table_new_full(object_hash, object_equal, g_free, NULL);
    for (unsigned i = 0; i < value_count(classes); i++) {
        if (!add_text(subscription, value_string(value_at(classes, i)), err)) {
            return NULL;
        }
    }
    return g_steal_pointer(&subscription);
}

void subscription_free(Subscription *subscription)
{
    if (!subscription) {
        return;
    }
    g_free(subscription->whole);
    g_hash_table_unref(subscription->objects);
    g_free(subscription);
}

bool subscription_wants(const Subscription *subscription, uint16_t class_id, Uuid ref)
{
    SubscribedObject object = {ref, class_id};
    return subscription->whole[class_id] || g_hash_table_contains(subscription->objects, &object);
}

bool subscription_wants_class(const Subscription *subscription, uint16_t class_id)
{
    if (subscription->whole[class_id]) {
        return true;
    }
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, subscription->objects);
    for (gpointer key; g_hash_table_iter_next(&iter, &key, NULL);) {
        if (((SubscribedObject *)key)->class_id == class_id) {
            return true;
        }
    }
    return false;
}

void subscription_add(Subscription *subscription, const Subscription *other)
{
    for (uint16_t i = 0; i < subscription->schema->class_count; i++) {
        subscription->whole[i] |= other->whole[i];
    }
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, other->objects);
    for (gpointer key; g_hash_table_iter_next(&iter, &key, NULL);) {
        SubscribedObject *object = key;
        add_object(subscription, object->class_id, object->ref);
    }
}

void subscription_remove(Subscription *subscription, const Subscription *other)
{
    for (uint16_t i = 0; i < subscription->schema->class_count; i++) {
        subscription->whole[i] &= !other->whole[i];
    }
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, other->objects);
    for (gpointer key; g_hash_table_iter_next(&iter, &key, NULL);) {
        g_hash_table_remove(subscription->objects, key);
    }
}

static bool add_text(Subscription *subscription, const char *text, Err **err)
{
    const DbSchema *schema = subscription->schema;
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length == 0 || (slash && !slash[1])) {
        return err_event_subscription_parse_failure(err, text);
    }
    bool all = length == 1 && *text == '*';
    int class_id = all ? -1 : find_class(schema, text, length);
    Uuid ref;
    for (uint16_t i = 0; i < schema->class_count; i++) {
        if (!(schema->classes[i].flags & DB_CLASS_EVENTS) || (!all && i != class_id)) {
            continue;
        }
        if (!slash) {
            subscription->whole[i] = true;
        } else if (value_ref_parse(slash + 1, &ref)) {
            add_object(subscription, i, ref);
        }
    }
    return true;
}

static int find_class(const DbSchema *schema, const char *name, size_t length)
{
    for (uint16_t i = 0; i < schema->class_count; i++) {
        const char *event_name = schema->classes[i].event_name;
        if (strlen(event_name) == length && g_ascii_strncasecmp(event_name, name, length) == 0) {
            return i;
        }
    }
    return -1;
}

static void add_object(Subscription *subscription, uint16_t class_id, Uuid ref)
{
    SubscribedObject *object = g_new0(SubscribedObject, 1);
    object->ref = ref;
    object->class_id = class_id;
    g_hash_table_add(subscription->objects, object);
}

static guint object_hash(gconstpointer object)
{
    return uuid_hash(&((const SubscribedObject *)object)->ref);
}

static gboolean object_equal(gconstpointer a, gconstpointer b)
{
    const SubscribedObject *first = a, *second = b;
    return first->class_id == second->class_id && uuid_equal(first->ref, second->ref);
}
