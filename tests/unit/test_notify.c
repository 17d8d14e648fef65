/* daemon/notify.c: what arrives at the socket of a service manager. */
#include "daemon/notify.h"

#include <glib/gstdio.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A datagram socket bound to `name`, where '@' stands for the abstract name space. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = offsetof(struct sockaddr_un, sun_path) + strlen(name);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    return fd;
}

static void assert_told(const char *name)
{
    char text[32] = "";
    Err *err = NULL;
    int fd = listen_at(name);
    g_setenv("NOTIFY_SOCKET", name, true);
    g_assert_true(notify_service_manager("READY=1", &err));
    g_assert_null(err);
    g_assert_cmpint(read(fd, text, sizeof(text) - 1), ==, strlen("READY=1"));
    g_assert_cmpstr(text, ==, "READY=1");
    close(fd);
}

static void test_path(void)
{
    g_autofree char *folder = g_dir_make_tmp("clearwater-notify-XXXXXX", NULL);
    g_autofree char *name = g_build_filename(folder, "socket", NULL);
    assert_told(name);
    g_remove(name);
    g_rmdir(folder);
}

static void test_abstract(void)
{
    g_autofree char *name = g_strdup_printf("@clearwater-notify-%d", (int)getpid());
    assert_told(name);
}

static void test_nobody(void)
{
    Err *err = NULL;
    g_unsetenv("NOTIFY_SOCKET");
    g_assert_true(notify_service_manager("READY=1", &err));
    g_setenv("NOTIFY_SOCKET", "", true);
    g_assert_true(notify_service_manager("READY=1", &err));
    g_assert_null(err);
}

static void assert_refused(const char *name)
{
    Err *err = NULL;
    g_setenv("NOTIFY_SOCKET", name, true);
    g_assert_false(notify_service_manager("READY=1", &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    err_free(err);
}

static void test_refused(void)
{
    g_autofree char *longest = g_strnfill(sizeof(((struct sockaddr_un *)0)->sun_path), 'a');
    longest[0] = '/';
    assert_refused(longest);
    assert_refused("vsock:2:1");
    assert_refused("/nobody/listens/here");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/notify/path", test_path);
    g_test_add_func("/notify/abstract", test_abstract);
    g_test_add_func("/notify/nobody", test_nobody);
    g_test_add_func("/notify/refused", test_refused);
    return g_test_run();
}
