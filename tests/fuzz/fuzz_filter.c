/* Any text to filter_parse(); what it takes must be usable on an object of any class. */
#include "fuzz.h"

#include "core/filter.h"
#include "gen/schema.h"

/* Made once: the database and one object of each class. */
typedef struct World {
    Db *db;
    DbSnapshot *snapshot;
} World;

static const World *world(void)
{
    static World made;
    if (!made.db) {
        DbBackend backend = db_backend_none();
        made.db = db_open(&model_schema, &backend, NULL);
        DbTxn *txn = db_begin(made.db);
        for (uint16_t i = 0; i < model_schema.class_count; i++) {
            db_create(txn, i, (Uuid){{1}}, (Uuid){{2}});
        }
        db_commit_async(txn);
        made.snapshot = db_snapshot(made.db);
    }
    return &made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(Err) err = NULL;
    g_autoptr(Filter) filter = filter_parse(text, &err);
    g_assert_true((filter == NULL) == (err != NULL));
    for (uint16_t i = 0; filter && i < model_schema.class_count; i++) {
        const DbObject *object = db_find(db_snapshot_view(world()->snapshot), i, (Uuid){{1}});
        bool first = filter_matches(filter, &model_schema, object);
        g_assert_true(filter_matches(filter, &model_schema, object) == first);
    }
    return 0;
}
