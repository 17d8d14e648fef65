/* Log files of domains. The daemon's own log is base/log.h. */
#include "hv/qemu/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LIMIT ((off_t)4 * 1024 * 1024) /* bytes of each */

char *qemu_log_path(const char *log_dir, const char *kind, const char *domain)
{
    return g_strdup_printf("%s/%s-%s.log", log_dir, kind, domain);
}

int qemu_log_open(const char *log_dir, const char *kind, const char *domain, Err **err)
{
    g_autofree char *path = qemu_log_path(log_dir, kind, domain);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_errno(err, errno, "cannot open the log %s", path);
    }
    return fd;
}

/* The writers append, so they go on at the new end. */
void qemu_log_limit(const char *log_dir, const char *domain)
{
    static const char *const kinds[] = {QEMU_LOG_MESSAGES, QEMU_LOG_SERIAL};
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *path = qemu_log_path(log_dir, kinds[i], domain);
        struct stat status;
        if (stat(path, &status) == 0 && status.st_size > LOG_LIMIT) {
            (void)truncate(path, 0);
        }
    }
}
