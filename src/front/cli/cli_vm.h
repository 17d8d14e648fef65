/* What several commands about virtual machines need. */
#pragma once

#include "front/cli/cli.h"

/* The machine whose uuid is the parameter `param` (or `other_param`, may be NULL); it must be a
 * `kind` ("snapshot" or "template"). */
bool cli_vm_find_kind(Cli *cli, const char *kind, const char *param, const char *other_param,
                      Uuid *ret_vm, Err **err);

/* What vbd_create_and_plug() connects. */
typedef struct CliDisk {
    Uuid vm, vdi;
    const char *device;
    const char *mode; /* RO, RW */
    const char *type; /* CD, Disk */
    bool is_owner;    /* the disk goes with the machine */
} CliDisk;

/* Creates a VBD and plugs it when that works. */
bool cli_vm_connect_disk(Cli *cli, const CliDisk *disk, Err **err);

/* The record for VBD.create. (owned) */
Value *cli_vm_vbd_record(Uuid vm, Uuid vdi, const char *device, const char *mode, const char *type);

/* The pool's default SR; fails with CLI_FAILURE [complaint] when there is none. */
bool cli_vm_default_sr(Cli *cli, const char *complaint, Uuid *ret_sr, Err **err);
