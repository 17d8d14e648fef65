/* Block devices below an `ext` repository, through blkid, mkfs.ext4, mount and umount. */
#include "storage/ext/ext_device.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "storage/sr_fail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define BLKID_NOTHING_FOUND 2
#define BLKID_AMBIVALENT    8 /* several signatures contradict each other */

static bool run(Op *op, SrFail code, const char *const *argv, Err **err);

bool ext_device_check(const char *device, Err **err)
{
    struct stat stat_buf;
    if (stat(device, &stat_buf) < 0) {
        return sr_fail(err, SR_FAIL_DEVICE_INVALID, "cannot find the device %s: %s", device,
                       g_strerror(errno));
    }
    return S_ISBLK(stat_buf.st_mode) || S_ISREG(stat_buf.st_mode) ||
           sr_fail(err, SR_FAIL_DEVICE_INVALID, "%s is neither a block device nor a file", device);
}

bool ext_device_read(Op *op, const char *device, ExtContent *ret_content, Err **err)
{
    const char *argv[] = {"blkid", "-p", "-o", "export", device, NULL};
    g_auto(SubprocessResult) result = {0};
    if (!op_run(op, argv, &result, err)) {
        return false;
    }
    switch (result.exit_status) {
    case 0:
        ext_device_parse(result.out, ret_content);
        return true;
    case BLKID_NOTHING_FOUND:
        *ret_content = (ExtContent){.blank = true};
        return true;
    case BLKID_AMBIVALENT:
        *ret_content = (ExtContent){.type = "several contradicting signatures"};
        return true;
    default:
        return sr_fail(err, SR_FAIL_DEVICE_INVALID, "cannot read %s: blkid ended with status %d",
                       device, result.exit_status);
    }
}

void ext_device_parse(const char *text, ExtContent *ret_content)
{
    ExtContent content = {0};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        const char *value = strchr(lines[i], '=');
        if (!value) {
            continue;
        }
        g_autofree char *name = g_strndup(lines[i], (gsize)(value - lines[i]));
        value++;
        if (g_str_equal(name, "TYPE")) {
            g_strlcpy(content.type, value, sizeof content.type);
        } else if (g_str_equal(name, "PTTYPE") && !content.type[0]) {
            g_snprintf(content.type, sizeof content.type, "%s partition table", value);
        } else if (g_str_equal(name, "LABEL")) {
            g_strlcpy(content.label, value, sizeof content.label);
        } else if (g_str_equal(name, "UUID")) {
            Uuid uuid;
            content.uuid = uuid_parse(value, &uuid) ? uuid : (Uuid){{0}};
        }
    }
    /* An empty partition has lines too, about its place in the table. */
    content.blank = !content.type[0];
    *ret_content = content;
}

bool ext_device_format(Op *op, const char *device, Uuid uuid, Err **err)
{
    char text[UUID_TEXT_SIZE];
    /* No blocks for root alone: the whole of it belongs to images.  -F because a whole disk or a
     * file is meant. */
    const char *argv[] = {
        "mkfs.ext4", "-q", "-F", "-m", "0", "-L", EXT_LABEL, "-U", uuid_format(uuid, text),
        device,      NULL};
    return run(op, SR_FAIL_FILESYSTEM, argv, err);
}

bool ext_device_wipe(Op *op, const char *device, Err **err)
{
    const char *argv[] = {"wipefs", "-q", "-a", device, NULL};
    return run(op, SR_FAIL_FILESYSTEM, argv, err);
}

bool ext_device_size(const char *device, uint64_t *ret_size, Err **err)
{
    auto_fd fd = open(device, O_RDONLY | O_CLOEXEC);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    if (end < 0) {
        return sr_fail_errno(err, SR_FAIL_DEVICE_INVALID, errno, "cannot tell the size of %s",
                             device);
    }
    *ret_size = (uint64_t)end;
    return true;
}

bool ext_device_mount(Op *op, const char *device, const char *folder, Err **err)
{
    g_autoptr(Err) cause = NULL;
    if (!fd_make_dirs(folder, 0700, &cause)) {
        g_autofree char *why = err_to_string(cause);
        return sr_fail(err, SR_FAIL_MOUNT, "cannot make the folder %s: %s", folder, why);
    }
    if (ext_device_is_mounted(folder)) {
        return true;
    }
    /* mount(8) takes a loop device by itself when `device` is a file. */
    const char *argv[] = {"mount", "-t",   "ext4", "-o", "noatime,nodev,nosuid,noexec",
                          device,  folder, NULL};
    return run(op, SR_FAIL_MOUNT, argv, err);
}

bool ext_device_unmount(Op *op, const char *folder, Err **err)
{
    if (!ext_device_is_mounted(folder)) {
        return true;
    }
    const char *argv[] = {"umount", folder, NULL};
    return run(op, SR_FAIL_SR_IN_USE, argv, err);
}

bool ext_device_is_mounted(const char *folder)
{
    g_autofree char *above = g_build_filename(folder, "..", NULL);
    struct stat inside, outside;
    return stat(folder, &inside) == 0 && stat(above, &outside) == 0 &&
           inside.st_dev != outside.st_dev;
}

static bool run(Op *op, SrFail code, const char *const *argv, Err **err)
{
    g_auto(SubprocessResult) result = {0};
    if (!op_run(op, argv, &result, err)) {
        return false;
    }
    return result.exit_status == 0 || sr_fail(err, code, "%s failed with status %d: %s", argv[0],
                                              result.exit_status, g_strstrip(result.err));
}
