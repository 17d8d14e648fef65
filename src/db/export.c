/* A copy of the database: the rows of one snapshot in a backend of their own. */
#include "db/row.h"
#include "db/view.h"

typedef struct Exporter {
    const DbPlan *plan;
    GArray *rows;     /* DbRow */
    GPtrArray *texts; /* of the rows (owned) */
} Exporter;

static bool add_row(const DbObject *object, void *user);

bool db_export(const DbSnapshot *snapshot, const DbBackend *backend, Err **err)
{
    const DbView *view = db_snapshot_view(snapshot);
    const DbSchema *schema = db_view_schema(view);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(DbRow));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    Exporter exporter = {.plan = view->plan, .rows = rows, .texts = texts};
    for (uint16_t i = 0; i < schema->class_count; i++) {
        if (schema->classes[i].flags & DB_CLASS_PERSISTENT) {
            db_each(view, i, add_row, &exporter);
        }
    }
    bool ok = backend->commit(backend->user, schema, (const DbRow *)(void *)rows->data, rows->len,
                              db_view_generation(view), err);
    backend->close(backend->user);
    return ok;
}

static bool add_row(const DbObject *object, void *user)
{
    Exporter *exporter = user;
    char *text = row_encode(exporter->plan, object);
    const DbRow row = {object->class_id, object->ref, text};
    g_ptr_array_add(exporter->texts, text);
    g_array_append_val(exporter->rows, row);
    return true;
}
