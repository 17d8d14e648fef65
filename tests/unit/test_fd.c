/* Whole-file I/O: limits, replacement, folders, flags. */
#include "base/fd.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Folder {
    char *path;
    char *file; /* not there yet */
} Folder;

static void folder_set_up(Folder *folder, gconstpointer data)
{
    (void)data;
    folder->path = g_dir_make_tmp("clearwater-fd-XXXXXX", NULL);
    g_assert_nonnull(folder->path);
    folder->file = g_build_filename(folder->path, "file", NULL);
}

static void folder_tear_down(Folder *folder, gconstpointer data)
{
    (void)data;
    (void)g_remove(folder->file);
    g_assert_cmpint(g_rmdir(folder->path), ==, 0); /* nothing temporary was left behind */
    g_free(folder->path);
    g_free(folder->file);
}

static void test_write_and_read(Folder *folder, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_assert_true(fd_write_file(folder->file, "a\0b", 3, 0600, &err));
    size_t length = 0;
    g_autofree char *text = fd_read_file(folder->file, 3, &length, &err);
    g_assert_cmpmem(text, length, "a\0b", 3);
    g_assert_cmpint(text[3], ==, '\0');
    struct stat info;
    g_assert_cmpint(stat(folder->file, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0600);
    g_assert_true(fd_write_file(folder->file, "new", 3, 0644, &err));
    g_autofree char *replaced = fd_read_file(folder->file, 100, NULL, &err);
    g_assert_cmpstr(replaced, ==, "new");
}

static void test_read_limit(Folder *folder, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    size_t length = 42;
    g_autofree char *content = g_strnfill(50000, 'x');
    g_assert_true(fd_write_file(folder->file, content, 50000, 0600, &err));
    g_assert_null(fd_read_file(folder->file, 49999, &length, &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    g_assert_cmpuint(length, ==, 42);
    g_clear_pointer(&err, err_free);
    g_autofree char *text = fd_read_file(folder->file, 50000, &length, &err);
    g_assert_cmpstr(text, ==, content);
    g_assert_cmpuint(length, ==, 50000);
}

static void test_read_missing(Folder *folder, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_assert_null(fd_read_file(folder->file, 10, NULL, &err));
    g_assert_nonnull(strstr(err->params[0], folder->file));
}

static void test_write_failure_keeps_the_old(Folder *folder, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_assert_cmpint(g_mkdir(folder->file, 0700), ==, 0);
    g_assert_false(fd_write_file(folder->file, "x", 1, 0600, &err)); /* rename onto a folder */
    g_assert_nonnull(err);
    g_assert_true(g_file_test(folder->file, G_FILE_TEST_IS_DIR));
}

static void test_make_dirs(Folder *folder, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_autofree char *middle = g_build_filename(folder->path, "a", NULL);
    g_autofree char *deep = g_build_filename(middle, "b", NULL);
    g_assert_true(fd_make_dirs(deep, 0700, &err));
    struct stat info;
    g_assert_cmpint(stat(deep, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0700);
    g_assert_true(fd_make_dirs(deep, 0700, &err)); /* is there already */
    g_assert_true(fd_write_file(folder->file, "", 0, 0600, &err));
    g_assert_false(fd_make_dirs(folder->file, 0700, &err)); /* a file is in the way */
    g_assert_nonnull(err);
    g_clear_pointer(&err, err_free);
    g_autofree char *below = g_build_filename(folder->file, "c", NULL);
    g_assert_false(fd_make_dirs(below, 0700, &err));
    g_assert_nonnull(err);
    (void)g_rmdir(deep);
    (void)g_rmdir(middle);
}

static void test_flags(void)
{
    g_autoptr(Err) err = NULL;
    int fds[2];
    g_assert_cmpint(pipe2(fds, 0), ==, 0);
    auto_fd reader = fds[0];
    auto_fd writer = fds[1];
    g_assert_true(fd_set_nonblock(reader, true, &err));
    g_assert_cmpint(fcntl(reader, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
    g_assert_true(fd_set_nonblock(reader, false, &err));
    g_assert_cmpint(fcntl(reader, F_GETFL) & O_NONBLOCK, ==, 0);
    g_assert_true(fd_set_cloexec(writer, true, &err));
    g_assert_cmpint(fcntl(writer, F_GETFD), ==, FD_CLOEXEC);
    g_assert_false(fd_set_cloexec(-1, true, &err));
    g_assert_nonnull(err);
}

static void test_write_all_reports(void)
{
    g_autoptr(Err) err = NULL;
    auto_fd full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(full, >=, 0);
    g_assert_false(fd_write_all(full, "x", 1, &err));
    g_assert_nonnull(strstr(err->params[0], "No space"));
}

static void test_auto_fd(void)
{
    int number;
    {
        auto_fd fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        number = fd;
    }
    g_assert_cmpint(fcntl(number, F_GETFD), ==, -1);
    auto_fd fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    auto_fd stolen = fd_steal(&fd);
    g_assert_cmpint(fd, ==, -1);
    g_assert_cmpint(fcntl(stolen, F_GETFD), !=, -1);
}

static void test_remove_tree(Folder *folder, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *top = g_build_filename(folder->path, "top", NULL);
    g_autofree char *inner = g_build_filename(top, "a", "b", NULL);
    g_autofree char *file = g_build_filename(inner, "file", NULL);
    g_autofree char *link = g_build_filename(inner, "link", NULL);
    g_autofree char *kept = g_build_filename(folder->path, "kept", NULL);
    g_assert_true(fd_make_dirs(inner, 0700, NULL));
    g_assert_true(fd_make_dirs(kept, 0700, NULL));
    g_assert_true(fd_write_file(file, "x", 1, 0600, NULL));
    g_assert_cmpint(symlink(kept, link), ==, 0);
    g_assert_true(fd_remove_tree(top, NULL));
    g_assert_cmpint(access(top, F_OK), !=, 0);
    g_assert_cmpint(access(kept, F_OK), ==, 0);
    g_assert_true(fd_remove_tree(top, NULL)); /* again */
    g_assert_cmpint(rmdir(kept), ==, 0);
}

#define ADD(path, function)                                                                        \
    g_test_add(path, Folder, NULL, folder_set_up, function, folder_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/fd/write-read", test_write_and_read);
    ADD("/fd/read-limit", test_read_limit);
    ADD("/fd/read-missing", test_read_missing);
    ADD("/fd/write-failure", test_write_failure_keeps_the_old);
    ADD("/fd/make-dirs", test_make_dirs);
    ADD("/fd/remove-tree", test_remove_tree);
    g_test_add_func("/fd/flags", test_flags);
    g_test_add_func("/fd/write-all", test_write_all_reports);
    g_test_add_func("/fd/auto", test_auto_fd);
    return g_test_run();
}
