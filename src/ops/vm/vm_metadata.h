/* A VM's settings as the text in which snapshot_metadata and last_booted_record hold them, the same
 * that XenServer writes: (('field' 'value') ...). Fields have their database names, name__label
 * where the record has name_label. */
#pragma once

#include "db/store.h"
#include "gen/types.h"

typedef enum VmMetadataScope {
    VM_METADATA_ALL,    /* every stored field */
    VM_METADATA_CHANGED /* those that are not as in a new VM; for texts that every VM carries */
} VmMetadataScope;

/* Texts that hold such texts, and sets that follow from other objects, are left out. (owned) */
char *vm_metadata_write(const DbView *view, VmRef vm, VmMetadataScope scope);

/* The fields of a text that was written with this scope: a struct of values by the names they have
 * on the wire. Fields that this version does not know are dropped. (owned) */
Value *vm_metadata_read(const DbSchema *schema, const char *text, VmMetadataScope scope, Err **err);
