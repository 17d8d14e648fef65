/* One event as clients are told it, by event.from and by event.next. */
#pragma once

#include "core/record.h"

typedef struct EventFacts {
    const char *id, *timestamp;
    DbChangeKind kind;
    uint16_t class_id;
    Uuid ref;
    const DbObject *object; /* NULL when deleted */
} EventFacts;

void event_write(RecordWriter *records, Writer *writer, const EventFacts *event);
