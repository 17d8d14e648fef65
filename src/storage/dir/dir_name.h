/* The file names of a repository folder; docs/internals/storage.md explains the states.
 *
 *   <uuid>.qcow2 <uuid>.raw            an image clients handle ("leaf")
 *   <uuid>.base.qcow2 <uuid>.base.raw  a parent that leaves or other parents stand on ("base")
 *   <uuid>.new                         under construction; locked by whoever builds it
 *   <uuid>.next                        overlay of a live snapshot that awaits its commit
 */
#pragma once

#include "base/uuid.h"

typedef enum DirKind { DIR_LEAF, DIR_BASE, DIR_NEW, DIR_NEXT } DirKind;

typedef struct DirName {
    Uuid uuid;
    DirKind kind;
    const char *format; /* "qcow2" or "raw", static; NULL for DIR_NEW */
} DirName;

#define DIR_NAME_SIZE 48 /* the longest name and its NUL */

/* False for any name that is not exactly one of ours. */
bool dir_name_parse(const char *text, DirName *ret_name);
/* Returns `text`. */
const char *dir_name_format(const DirName *name, char text[DIR_NAME_SIZE]);
/* The name for the length of the enclosing block. */
#define DIR_NAME(kind, uuid, format)                                                               \
    dir_name_format(&(DirName){(uuid), (kind), (format)}, (char[DIR_NAME_SIZE]){0})

/* "qcow2" or "raw" as the static text, NULL for anything else. */
const char *dir_name_known_format(const char *format);
