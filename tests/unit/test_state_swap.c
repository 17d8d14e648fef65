/* ops/state: a new state replaces the old one whole or not at all, whenever the process ends.
 *
 * The test ends a child at its first, second, third... change of a file, by functions of libc's
 * names that count, and lets another one go on. */
#include "base/fd.h"
#include "ops/state/state_draft.h"
#include "ops/state/state_swap.h"

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CRASHED = 77, MAX_STEPS = 500 };

static int steps_left = -1; /* of this process; negative: it lives on */

static void step(void)
{
    if (steps_left == 0) {
        _exit(CRASHED);
    }
    steps_left -= steps_left > 0;
}

int rename(const char *from, const char *to)
{
    step();
    return (int)syscall(SYS_rename, from, to);
}

int unlink(const char *path)
{
    step();
    return (int)syscall(SYS_unlink, path);
}

int mkdir(const char *path, mode_t mode)
{
    step();
    return (int)syscall(SYS_mkdir, path, mode);
}

/* Power does not fail here, and the disk is other tests' too. */
int syncfs(int fd)
{
    step();
    return fd < 0 ? -1 : 0;
}

int fsync(int fd)
{
    return fd < 0 ? -1 : 0;
}

typedef struct Host {
    char *root, *state_dir, *etc_dir;
    StateDirs dirs;
} Host;

static void put(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_assert_true(fd_make_dirs(parent, 0755, NULL));
    g_assert_true(fd_write_file(path, text, strlen(text), 0600, NULL));
}

/* The text of a file, "-" when there is none. (owned) */
static char *get(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = fd_read_file(path, 100, NULL, NULL);
    return text ? text : g_strdup("-");
}

static void host_init(Host *host)
{
    host->root = g_dir_make_tmp("state-XXXXXX", NULL);
    host->state_dir = g_build_filename(host->root, "state", NULL);
    host->etc_dir = g_build_filename(host->root, "etc", NULL);
    host->dirs = (StateDirs){host->state_dir, host->etc_dir};
    put(host->state_dir, "state.db", "old");
    put(host->state_dir, "state.db-wal", "old");
    put(host->state_dir, "host-uuid", "old");
    put(host->state_dir, "blobs/a", "old");
    put(host->state_dir, "unrelated", "stays");
    put(host->etc_dir, "restore-notes/of-mine", "stays");
    put(host->etc_dir, "xapi-ssl.pem", "old");
    put(host->etc_dir, "accounts", "old");
    put(host->etc_dir, "plugins/p", "old");
}

static void host_clear(Host *host)
{
    g_assert_true(fd_remove_tree(host->root, NULL));
    g_free(host->root);
    g_free(host->state_dir);
    g_free(host->etc_dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Host, host_clear)

static void add(const StateDraft *draft, const char *path)
{
    auto_fd fd = state_draft_create(draft, path, 0644, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_true(fd_write_all(fd, "new", 3, NULL));
}

static void stage(const Host *host)
{
    g_auto(StateDraft) draft = {0};
    g_assert_true(state_draft_begin(&host->dirs, &draft, NULL));
    add(&draft, "state/state.db");
    add(&draft, "state/host-uuid");
    add(&draft, "state/nvram/n");
    add(&draft, "etc/xapi-ssl.pem");
    add(&draft, "etc/certs/c.pem");
    g_assert_true(state_draft_commit(&draft, true, NULL));
}

/* "old", "new", or what is wrong. (owned) */
static char *which(const Host *host)
{
    static const char *const names[] = {"state.db", "state.db-wal", "host-uuid", "blobs/a",
                                        "nvram/n"};
    static const char *const etc_names[] = {"xapi-ssl.pem", "accounts", "plugins/p", "certs/c.pem"};
    GString *all = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = get(host->state_dir, names[i]);
        g_string_append_printf(all, "%s ", text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(etc_names); i++) {
        g_autofree char *text = get(host->etc_dir, etc_names[i]);
        g_string_append_printf(all, "%s ", text);
    }
    if (strcmp(all->str, "old old old old - old old old - ") == 0) {
        g_string_assign(all, "old");
    } else if (strcmp(all->str, "new - new - new new - - new ") == 0) {
        g_string_assign(all, "new");
    }
    return g_string_free(all, FALSE);
}

static void expect(const Host *host, const char *expected)
{
    g_autofree char *found = which(host);
    g_autofree char *unrelated = get(host->state_dir, "unrelated");
    g_assert_cmpstr(found, ==, expected);
    g_autofree char *notes = get(host->etc_dir, "restore-notes/of-mine");
    g_assert_cmpstr(unrelated, ==, "stays");
    g_assert_cmpstr(notes, ==, "stays");
}

static void expect_clean(const Host *host)
{
    for (StateArea area = 0; area < STATE_AREA_COUNT; area++) {
        g_autoptr(GDir) dir = g_dir_open(state_area_path(&host->dirs, area), 0, NULL);
        const char *name;
        while ((name = g_dir_read_name(dir))) {
            g_assert_true(!g_str_has_prefix(name, "restore") || strcmp(name, "restore-notes") == 0);
        }
    }
}

/* Runs `work` in a child that ends at its step `at`; whether it came to its end before. */
static bool run_until(const Host *host, void (*work)(const Host *host), int at)
{
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        steps_left = at;
        work(host);
        _exit(0);
    }
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CRASHED);
    return WEXITSTATUS(status) == 0;
}

static bool settle(const Host *host)
{
    bool is_trial = false;
    g_assert_true(state_swap_settle(&host->dirs, &is_trial, NULL));
    return is_trial;
}

static void settle_and_keep(const Host *host)
{
    if (settle(host)) {
        g_assert_true(state_swap_keep(&host->dirs, NULL));
    }
}

static void take_back(const Host *host)
{
    g_assert_true(state_swap_take_back(&host->dirs, NULL));
}

static void test_staging(void)
{
    for (int at = 0;; at++) {
        g_auto(Host) host;
        host_init(&host);
        bool is_complete = run_until(&host, stage, at);
        expect(&host, "old");
        settle_and_keep(&host);
        g_autofree char *found = which(&host);
        g_assert_true(strcmp(found, "new") == 0 || (!is_complete && strcmp(found, "old") == 0));
        expect_clean(&host);
        if (is_complete) {
            g_assert_cmpint(at, >, 5);
            return;
        }
        g_assert_cmpint(at, <, MAX_STEPS);
    }
}

static void test_settling(void)
{
    for (int at = 0;; at++) {
        g_auto(Host) host;
        host_init(&host);
        stage(&host);
        bool is_complete = run_until(&host, settle_and_keep, at);
        settle_and_keep(&host);
        expect(&host, "new");
        expect_clean(&host);
        if (is_complete) {
            g_assert_cmpint(at, >, 20);
            return;
        }
        g_assert_cmpint(at, <, MAX_STEPS);
    }
}

/* The daemon has opened a database of the new state before it failed. */
static void test_taking_back(void)
{
    for (int at = 0;; at++) {
        g_auto(Host) host;
        host_init(&host);
        stage(&host);
        g_assert_true(settle(&host));
        put(host.state_dir, "state.db-wal", "new");
        put(host.state_dir, "blobs/b", "new");
        bool is_complete = run_until(&host, take_back, at);
        if (settle(&host)) { /* it did not even begin */
            take_back(&host);
        }
        expect(&host, "old");
        g_autofree char *made = get(host.state_dir, "blobs/b");
        g_assert_cmpstr(made, ==, "-");
        settle_and_keep(&host);
        expect_clean(&host);
        if (is_complete) {
            g_assert_cmpint(at, >, 20);
            return;
        }
        g_assert_cmpint(at, <, MAX_STEPS);
    }
}

/* Only the database, with its journal; of two that wait the last one counts. */
static void test_database_alone(void)
{
    g_auto(Host) host;
    host_init(&host);
    stage(&host);
    g_auto(StateDraft) draft = {0};
    g_assert_true(state_draft_begin(&host.dirs, &draft, NULL));
    add(&draft, "state/state.db");
    g_assert_true(state_draft_commit(&draft, false, NULL));
    settle_and_keep(&host);
    expect(&host, "new - old old - old old old - ");
    expect_clean(&host);
}

static void test_refusals(void)
{
    static const char *const bad[] = {
        "state/state.db-wal",    "state/unrelated",  "state/blobs", "state/state.db/x",
        "etc/../state.db",       "etc/plugins/../x", "/etc/shadow", "etc//accounts",
        "etc/plugins/a/b/c/d/e", "etc/plugins/a\nb", "manifest",    "",
    };
    g_auto(Host) host;
    host_init(&host);
    g_auto(StateDraft) draft = {0};
    g_assert_true(state_draft_begin(&host.dirs, &draft, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        g_assert_cmpint(state_draft_create(&draft, bad[i], 0600, &err), ==, -1);
        g_assert_nonnull(err);
    }
    add(&draft, "etc/plugins/a/b/c/d");
    g_assert_cmpint(state_draft_create(&draft, "etc/plugins/a/b/c/d", 0600, NULL), ==, -1);
    add(&draft, "state/state.db");
    g_autoptr(Err) err = NULL;
    g_assert_false(state_draft_commit(&draft, true, &err)); /* no host-uuid, no certificate */
    g_assert_nonnull(err);
    state_draft_clear(&draft);
    expect(&host, "old");
    expect_clean(&host);
    put(host.state_dir, "restore", "nonsense\n");
    bool is_trial;
    g_assert_false(state_swap_settle(&host.dirs, &is_trial, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state-swap/staging", test_staging);
    g_test_add_func("/state-swap/settling", test_settling);
    g_test_add_func("/state-swap/taking-back", test_taking_back);
    g_test_add_func("/state-swap/database-alone", test_database_alone);
    g_test_add_func("/state-swap/refusals", test_refusals);
    return g_test_run();
}
