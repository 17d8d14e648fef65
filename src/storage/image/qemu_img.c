/* Runs qemu-img; see qemu_img.h. */
#include "storage/image/qemu_img.h"

#include "base/subprocess.h"
#include "storage/sr_fail.h"

#include <errno.h>

#define CREATE_OPTIONS "compat=1.1,cluster_size=65536,lazy_refcounts=off"

typedef struct Listener {
    SrProgress progress; /* may be NULL */
    void *user;
    char tail[QEMU_IMG_PROGRESS_TAIL];
} Listener;

static bool run(Op *op, SrFail code, const char *const *argv, Err **err);
static bool fail_with_output(SrFail code, const char *const *argv, const SubprocessResult *result,
                             Err **err);
static void hear_progress(void *user, const char *data, size_t length);

bool qemu_img_info(Op *op, const char *path, const char *format, QemuImgInfo *ret_info, Err **err)
{
    const char *argv[] = {"qemu-img", "info", "-U", "--output=json", "-f", format, path, NULL};
    g_auto(SubprocessResult) result = {0};
    if (!op_run(op, argv, &result, err)) {
        return false;
    }
    if (result.exit_status != 0) {
        return fail_with_output(SR_FAIL_VDI_UNAVAILABLE, argv, &result, err);
    }
    return qemu_img_info_parse(result.out, strlen(result.out), ret_info, err);
}

bool qemu_img_create(Op *op, const char *path, const char *format, uint64_t virtual_size, Err **err)
{
    char size[24];
    g_snprintf(size, sizeof size, "%" G_GUINT64_FORMAT, virtual_size);
    const char *raw[] = {"qemu-img", "create", "-q", "-f", "raw", path, size, NULL};
    const char *qcow2[] = {"qemu-img", "create",       "-q", "-f", "qcow2",
                           "-o",       CREATE_OPTIONS, path, size, NULL};
    return run(op, SR_FAIL_VDI_CREATE, g_str_equal(format, "raw") ? raw : qcow2, err);
}

bool qemu_img_create_overlay(Op *op, const char *path, const char *backing,
                             const char *backing_format, uint64_t virtual_size, Err **err)
{
    char size[24];
    g_snprintf(size, sizeof size, "%" G_GUINT64_FORMAT, virtual_size);
    const char *argv[] = {"qemu-img", "create",       "-q", "-f", "qcow2",
                          "-o",       CREATE_OPTIONS, "-u", "-b", backing,
                          "-F",       backing_format, path, size, NULL};
    return run(op, SR_FAIL_VDI_CREATE, argv, err);
}

bool qemu_img_resize(Op *op, const char *path, const char *format, uint64_t virtual_size, Err **err)
{
    char size[24];
    g_snprintf(size, sizeof size, "%" G_GUINT64_FORMAT, virtual_size);
    const char *argv[] = {"qemu-img", "resize", "-q", "-f", format, path, size, NULL};
    return run(op, SR_FAIL_VDI_RESIZE, argv, err);
}

bool qemu_img_commit(Op *op, const char *path, Err **err)
{
    const char *argv[] = {"qemu-img", "commit", "-q", "-d", "-f", "qcow2", path, NULL};
    return run(op, SR_FAIL_VDI_COPY, argv, err);
}

bool qemu_img_convert(Op *op, const SrImage *source, const char *target, SrProgress progress,
                      void *user, Err **err)
{
    const char *argv[] = {"qemu-img",     "convert",    "-p",    "-f",
                          source->format, "-O",         "qcow2", "-o",
                          CREATE_OPTIONS, source->path, target,  NULL};
    Listener listener = {.progress = progress, .user = user};
    g_auto(SubprocessResult) result = {0};
    if (!op_run_watched(op, argv, hear_progress, &listener, &result, err)) {
        return false;
    }
    return result.exit_status == 0 || fail_with_output(SR_FAIL_VDI_COPY, argv, &result, err);
}

static bool run(Op *op, SrFail code, const char *const *argv, Err **err)
{
    g_auto(SubprocessResult) result = {0};
    if (!op_run(op, argv, &result, err)) {
        return false;
    }
    return result.exit_status == 0 || fail_with_output(code, argv, &result, err);
}

/* qemu-img has one exit status for all failures; only its text tells them apart. */
static bool fail_with_output(SrFail code, const char *const *argv, const SubprocessResult *result,
                             Err **err)
{
    g_autofree char *said = g_strstrip(g_strdup(result->err));
    if (strstr(said, g_strerror(ENOSPC)) || strstr(said, g_strerror(EDQUOT))) {
        code = SR_FAIL_NO_SPACE;
    } else if (strstr(said, "Failed to get") || strstr(said, "Failed to lock")) {
        code = SR_FAIL_VDI_IN_USE;
    }
    return sr_fail(err, code, "%s %s failed with status %d: %s", argv[0], argv[1],
                   result->exit_status, said);
}

static void hear_progress(void *user, const char *data, size_t length)
{
    Listener *listener = user;
    double done;
    if (qemu_img_progress_parse(listener->tail, data, length, &done) && listener->progress) {
        listener->progress(listener->user, done);
    }
}
