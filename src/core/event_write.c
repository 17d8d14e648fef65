/* The members of an event, in the order of XenServer's. */
#include "core/event_write.h"

static void write_member(Writer *writer, const char *name, const char *text);

void event_write(RecordWriter *records, Writer *writer, const EventFacts *event)
{
    static const char *const operations[] = {
        [DB_ADDED] = "add", [DB_MODIFIED] = "mod", [DB_DELETED] = "del"};
    const DbSchema *schema = db_view_schema(records->subject.view);
    writer_open_struct(writer);
    write_member(writer, "id", event->id);
    write_member(writer, "timestamp", event->timestamp);
    write_member(writer, "class", schema->classes[event->class_id].event_name);
    write_member(writer, "operation", operations[event->kind]);
    writer_name(writer, "ref");
    writer_ref(writer, event->ref);
    if (event->object) {
        writer_name(writer, "snapshot");
        record_write(records, writer, event->object);
    }
    writer_close(writer);
}

static void write_member(Writer *writer, const char *name, const char *text)
{
    writer_name(writer, name);
    writer_text(writer, text);
}
