/* The storage driver interface: repositories (SR) and disk images (VDI).
 *
 * A driver knows paths, images and sizes as plain structs; the database is not its business.
 * An SR is named by its uuid, an image by its location, which is unique within the SR.
 *
 * Threads: any; calls for one SR may run side by side, the driver locks what it must.  Hooks that
 * wait take an Op.  Every hook is idempotent where it says so, and leaves nothing half-done that
 * the next scan() does not repair: names appear by rename, after the data is safe.
 *
 * Errors are SR_BACKEND_FAILURE_<n> ["", text, ""] with the numbers XenServer's drivers use, or
 * SR_FULL-like codes where the hook names them. */
#pragma once

#include "base/op.h"
#include "base/uuid.h"

#include <stdint.h>

typedef enum SrCaps {
    SR_CAP_CREATE = 1 << 0, /* the capability strings of SM records, in gen order */
    SR_CAP_DELETE = 1 << 1,
    SR_CAP_SCAN = 1 << 2,
    SR_CAP_VDI_CREATE = 1 << 3,
    SR_CAP_VDI_DELETE = 1 << 4,
    SR_CAP_VDI_RESIZE = 1 << 5,
    SR_CAP_VDI_CLONE = 1 << 6,
    SR_CAP_VDI_SNAPSHOT = 1 << 7,
    SR_CAP_VDI_RESIZE_ONLINE = 1 << 8,
    SR_CAP_PROBE = 1 << 9,
    SR_CAP_RESET_ON_BOOT = 1 << 10,
    SR_CAP_VDI_MIRROR = 1 << 11, /* its disks can move away, and others here */
} SrCaps;

typedef struct SrConfig {
    Uuid uuid;
    const char *const *device_config; /* name, value in turn, NULL-terminated */
    const char *mount_dir; /* a folder of the driver's own for this SR; may not exist yet */
} SrConfig;

typedef struct Sr Sr; /* an attached repository */

typedef struct SrStat {
    uint64_t physical_size; /* bytes */
    uint64_t physical_utilisation;
} SrStat;

typedef struct SrVdi {
    Uuid uuid;
    char *location;
    char *name;            /* a hint for new records, may be NULL */
    char *format;          /* "qcow2", "raw" */
    char *parent;          /* location of the image below, or NULL */
    uint64_t virtual_size; /* bytes */
    uint64_t physical_utilisation;
    bool read_only;
    bool managed;   /* false: a shared parent that no client handles */
    bool mergeable; /* vdi_coalesce() would shorten its chain; told by scan() only */
    bool damaged;   /* it is there and cannot be read: sizes and parent are not known; by scan() */
} SrVdi;
void sr_vdi_clear(SrVdi *vdi);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SrVdi, sr_vdi_clear)
GArray *sr_vdi_array_new(void); /* of SrVdi, which it clears (owned) */

/* One image of a chain, leaf first, as paths this host can open. */
typedef struct SrImage {
    char *path;
    char *format;
} SrImage;
void sr_image_clear(SrImage *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SrImage, sr_image_clear)
GArray *sr_image_array_new(void); /* of SrImage, which it clears (owned) */

/* Told now and then how much of a copy is done, 0..1, on the copying thread.  NULL is allowed
 * wherever one is asked for. */
typedef void (*SrProgress)(void *user, double done);

typedef struct SrDriver {
    const char *type; /* "ext", "file", "iso" */
    const char *label, *description;
    const char *content_type;       /* of new SRs when the client gives none: "user", "iso" */
    unsigned caps;                  /* SrCaps */
    const char *const *config_help; /* device_config key, meaning in turn, NULL-terminated */

    /* Makes the repository on its medium, once. A medium in use: SR_BACKEND_FAILURE_* . */
    bool (*create)(Op *op, const SrConfig *config, Err **err);
    /* Erases it; not attached. */
    bool (*destroy)(Op *op, const SrConfig *config, Err **err);
    /* Mounts or opens it. (owned) */
    Sr *(*attach)(Op *op, const SrConfig *config, Err **err);
    bool (*detach)(Op *op, Sr *sr /* consumed on success */, Err **err);
    /* XML of what could be made into an SR. (owned) */
    char *(*probe)(Op *op, const SrConfig *config, Err **err);

    bool (*stat)(Op *op, Sr *sr, SrStat *ret_stat, Err **err);
    /* Every image: array of SrVdi with a clear function. Also finishes what a crash left. */
    GArray *(*scan)(Op *op, Sr *sr, Err **err);

    /* `virtual_size` is rounded up as the driver needs; `format` is "qcow2", "raw" or NULL for the
     * driver's own.  SR_BACKEND_FAILURE_44 when full: a raw image must fit as a whole. */
    bool (*vdi_create)(Op *op, Sr *sr, Uuid uuid, uint64_t virtual_size, const char *format,
                       SrVdi *ret_vdi, Err **err);
    /* Success when it is not there. Parents nobody needs any more go with it. */
    bool (*vdi_destroy)(Op *op, Sr *sr, const char *location, Err **err);
    /* Grows. Shrinking: SR_BACKEND_FAILURE_79. */
    bool (*vdi_resize)(Op *op, Sr *sr, const char *location, uint64_t virtual_size, SrVdi *ret_vdi,
                       Err **err);
    /* A second image with the present content, sharing a parent with the first, no data copied.
     * The source keeps uuid and location; what it held becomes an unmanaged parent. The source is
     * not open anywhere. `ret_source`, `ret_copy`, `ret_parent` tell all three afterwards. */
    bool (*vdi_clone)(Op *op, Sr *sr, const char *location, Uuid copy_uuid, bool copy_read_only,
                      SrVdi *ret_source, SrVdi *ret_copy, SrVdi *ret_parent, Err **err);
    /* The same for an image that a running domain has open, in two steps around
     * HvDriver.disk_snapshot. begin makes a new empty overlay over the image the domain has open:
     * that image will be the parent; ret_overlay is what the domain must switch to. commit gives
     * the overlay the source's name and makes the copy; abort removes the overlay. Between begin
     * and commit a crash is repaired by scan(): it asks which image is the newest one. */
    bool (*live_snapshot_begin)(Op *op, Sr *sr, const char *location, SrImage *ret_overlay,
                                Err **err);
    bool (*live_snapshot_commit)(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                                 Uuid copy_uuid, bool copy_read_only, SrVdi *ret_source,
                                 SrVdi *ret_copy, SrVdi *ret_parent, Err **err);
    bool (*live_snapshot_abort)(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                                Err **err);
    /* Shortens the chain of an image, which may be a parent, by the parents that nothing else
     * stands on: their data and the image's own become one.  The image is open nowhere and the
     * caller keeps it so.  Success when there is nothing to do. */
    bool (*vdi_coalesce)(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err);
    /* The same with one parent of an image that a running domain has open, around
     * HvDriver.disk_merge, which moves the data: commit gives the parent the image's name and is
     * what the domain publishes by, abort is for merges that did not get there. After a crash
     * scan() finds out from what the domain has open. */
    bool (*live_merge_begin)(Op *op, Sr *sr, const char *location, Err **err);
    bool (*live_merge_commit)(Op *op, Sr *sr, const char *location, Err **err);
    bool (*live_merge_abort)(Op *op, Sr *sr, const char *location, Err **err);
    /* Full copy into another attached SR of any driver. */
    bool (*vdi_copy)(Op *op, Sr *sr, const char *location, const struct SrDriver *target_driver,
                     Sr *target, Uuid copy_uuid, SrProgress progress, void *user, SrVdi *ret_copy,
                     Err **err);
    /* A new image with the content of `source`, the leaf of a chain this host can open or a file
     * of any format qemu-img reads ("qcow2", "raw", "vpc", "vmdk").  It appears when complete. */
    bool (*vdi_import)(Op *op, Sr *sr, Uuid uuid, const SrImage *source, SrProgress progress,
                       void *user, SrVdi *ret_vdi, Err **err);

    /* The chain to open, leaf first: array of SrImage with a clear function. */
    GArray *(*vdi_chain)(Op *op, Sr *sr, const char *location, Err **err);
    bool (*vdi_stat)(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err);
} SrDriver;

extern const SrDriver sr_file_driver; /* a folder: device_config location */
extern const SrDriver sr_ext_driver;  /* ext4 on a block device: device_config device */
extern const SrDriver sr_iso_driver;  /* a folder of .iso files: device_config location */
extern const SrDriver sr_fake_driver; /* in memory, for tests */

/* A device_config value, or NULL. */
const char *sr_config_get(const SrConfig *config, const char *key);
bool sr_unsupported(const char *type, const char *what, Err **err);
