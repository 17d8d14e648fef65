/* How long a QEMU takes by itself: from fork until it says over QMP that the guest runs.  No
 * toolstack can start a guest faster; what one takes beyond this is its own. */
#include "base/fd.h"
#include "base/op.h"
#include "base/text.h"
#include "wire/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static void check(bool is_good, const char *what)
{
    if (!is_good) {
        g_error("%s: %s", what, g_strerror(errno));
    }
}

/* QEMU waits for us on this socket, so that we need not wait for it to make one. */
static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(fd, 1) == 0,
          path);
    return fd;
}

static FILE *connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0, path);
    FILE *file = fdopen(fd, "re");
    check(file != NULL, path);
    return file;
}

/* Reads lines until one has `member`, and returns that. (owned) */
static Value *read_until(FILE *qmp, const char *member)
{
    char line[16384];
    while (fgets(line, sizeof line, qmp)) {
        g_autoptr(Err) err = NULL;
        g_autoptr(Value) message = json_parse(line, strlen(line), &err);
        Value *value = message ? value_get(message, member) : NULL;
        if (value) {
            return value_ref(value);
        }
    }
    g_error("QEMU ended; it says why on stderr");
}

static Value *command(FILE *qmp, const char *name)
{
    check(dprintf(fileno(qmp), "{\"execute\":\"%s\"}\n", name) > 0, name);
    return read_until(qmp, "return");
}

static pid_t start_qemu(char **argv, int socket)
{
    g_autofree char *chardev = g_strdup_printf("socket,id=qmp,fd=%d,server=on,wait=off", socket);
    const char *const last[] = {"-S", "-chardev", chardev, "-mon", "chardev=qmp,mode=control"};
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (unsigned i = 0; argv[i]; i++) {
        g_ptr_array_add(all, argv[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(last); i++) {
        g_ptr_array_add(all, (char *)last[i]);
    }
    g_ptr_array_add(all, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], (char **)all->pdata);
        _exit(127);
    }
    check(pid > 0, "fork");
    return pid;
}

static void measure(const char *path, char **argv)
{
    auto_fd socket = listen_on(path);
    Usec start = op_now();
    pid_t pid = start_qemu(argv, socket);
    FILE *qmp = connect_to(path);
    value_unref(read_until(qmp, "QMP"));
    value_unref(command(qmp, "qmp_capabilities"));
    value_unref(command(qmp, "cont"));
    printf("%.3f\n", (double)(op_now() - start) / USEC_PER_MSEC);
    value_unref(command(qmp, "quit"));
    waitpid(pid, NULL, 0);
    fclose(qmp);
}

int main(int argc, char **argv)
{
    uint64_t repetitions;
    if (argc < 4 || !text_parse_uint(argv[2], 1000, &repetitions)) {
        fprintf(stderr, "usage: bench_floor SOCKET REPETITIONS QEMU [ARGUMENT]...\n");
        return 2;
    }
    for (uint64_t i = 0; i < repetitions; i++) {
        measure(argv[1], argv + 3);
    }
    return 0;
}
