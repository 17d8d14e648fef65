/* Committing threads put messages into a queue; the thread takes them out one by one. */
#include "ops/message/alert_mail.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_message.h"
#include "gen/db_pool.h"
#include "ops/message/mail_text.h"

#include <unistd.h>

static const char CURL[] = "/usr/bin/curl";
static const char CONNECT_TIMEOUT[] = "10"; /* seconds */

#define SEND_LIMIT  (60 * USEC_PER_SEC)
#define RETRY_PAUSE (15 * USEC_PER_SEC)
enum { ATTEMPTS = 3 };

/* One message that waits to be sent, with the settings of its time. */
typedef struct Letter {
    char **receivers;
    char *server;
    char *origin, *name, *cls, *object_uuid, *body;
    int64_t priority, when;
} Letter;

struct AlertMail {
    Platform *platform;
    Op *op; /* cancelled by the end */
    GAsyncQueue *letters;
    GThread *thread;
    unsigned watch;
    bool is_full; /* committing threads, one at a time */
};

static void note(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count);
static Letter *write_letter(AlertMail *mail, const DbView *view, MessageRef message);
static char **find_receivers(const DbView *view, PoolRef pool);
static int64_t least_priority(const DbView *view, PoolRef pool);
static void put(AlertMail *mail, Letter *letter);
static gpointer run(gpointer user);
static void deliver(AlertMail *mail, const Letter *letter);
static bool send(AlertMail *mail, const Letter *letter, const char *file, Err **err);
static bool write_file(AlertMail *mail, const Letter *letter, char **ret_file, Err **err);
static char *sender(AlertMail *mail);
static void letter_free(Letter *letter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Letter, letter_free)

/* Ends the thread: what is in the queue behind it stays. */
static const Letter last_letter;

AlertMail *alert_mail_start(Platform *platform)
{
    AlertMail *mail = g_new0(AlertMail, 1);
    mail->platform = platform;
    mail->op = op_new(USEC_NEVER);
    mail->letters = g_async_queue_new();
    mail->thread = g_thread_new("mail", run, mail);
    mail->watch = db_watch(platform_db(platform), note, mail);
    return mail;
}

void alert_mail_stop(AlertMail *mail)
{
    if (!mail) {
        return;
    }
    db_unwatch(platform_db(mail->platform), mail->watch);
    op_cancel(mail->op);
    g_async_queue_push_front(mail->letters, (gpointer)&last_letter);
    g_thread_join(mail->thread);
    Letter *letter;
    while ((letter = g_async_queue_try_pop(mail->letters))) {
        letter_free(letter);
    }
    g_async_queue_unref(mail->letters);
    op_unref(mail->op);
    g_free(mail);
}

static void note(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count)
{
    AlertMail *mail = user;
    const DbView *view = db_snapshot_view(snapshot);
    for (unsigned i = 0; i < count; i++) {
        if (changes[i].class_id == CLASS_MESSAGE && changes[i].kind == DB_ADDED) {
            Letter *letter = write_letter(mail, view, (MessageRef){changes[i].ref});
            if (letter) {
                put(mail, letter);
            }
        }
    }
}

/* NULL when nobody wants it. */
static Letter *write_letter(AlertMail *mail, const DbView *view, MessageRef message)
{
    PoolRef pool = platform_pool(mail->platform);
    const char *server = db_pool_other_config_get(view, pool, "ssmtp-mailhub");
    int64_t priority = db_message_priority(view, message);
    if (!server || priority > least_priority(view, pool)) {
        return NULL;
    }
    g_auto(GStrv) receivers = find_receivers(view, pool);
    if (!*receivers) {
        return NULL;
    }
    if (!mail_text_is_server(server)) {
        log_warn("ssmtp-mailhub of the pool is no mail server: no mail is sent");
        return NULL;
    }
    const char *pool_name = db_pool_name_label(view, pool);
    Letter *letter = g_new0(Letter, 1);
    *letter = (Letter){
        .receivers = g_steal_pointer(&receivers),
        .server = g_strdup(server),
        .origin = g_strdup(*pool_name ? pool_name
                                      : db_host_name_label(view, platform_host(mail->platform))),
        .name = g_strdup(db_message_name(view, message)),
        .cls = g_strdup(cls_names[db_message_cls(view, message)]),
        .object_uuid = g_strdup(db_message_obj_uuid(view, message)),
        .body = g_strdup(db_message_body(view, message)),
        .priority = priority,
        .when = db_message_timestamp(view, message)};
    return letter;
}

/* Those that are addresses; NULL-terminated. (owned) */
static char **find_receivers(const DbView *view, PoolRef pool)
{
    const char *text = db_pool_other_config_get(view, pool, "mail-destination");
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", ",; ", -1);
    GPtrArray *receivers = g_ptr_array_new();
    for (char **word = words; *word && receivers->len < ALERT_MAIL_MAX_RECEIVERS; word++) {
        if (mail_text_is_address(*word)) {
            g_ptr_array_add(receivers, g_strdup(*word));
        } else if (**word) {
            log_warn("mail-destination of the pool has something that is no address");
        }
    }
    g_ptr_array_add(receivers, NULL);
    return (char **)g_ptr_array_free(receivers, FALSE);
}

static int64_t least_priority(const DbView *view, PoolRef pool)
{
    const char *text = db_pool_other_config_get(view, pool, "mail-min-priority");
    int64_t priority;
    return text && text_parse_int(text, &priority) ? priority : ALERT_MAIL_DEFAULT_PRIORITY;
}

/* Takes `letter` over. */
static void put(AlertMail *mail, Letter *letter)
{
    bool is_full = g_async_queue_length(mail->letters) >= ALERT_MAIL_MAX_WAITING;
    if (is_full && !mail->is_full) {
        log_warn("%d mails wait for their server: further ones are dropped",
                 ALERT_MAIL_MAX_WAITING);
    }
    mail->is_full = is_full;
    if (is_full) {
        letter_free(letter);
    } else {
        g_async_queue_push(mail->letters, letter);
    }
}

static gpointer run(gpointer user)
{
    AlertMail *mail = user;
    for (;;) {
        Letter *letter = g_async_queue_pop(mail->letters);
        if (letter == &last_letter) {
            return NULL;
        }
        deliver(mail, letter);
        letter_free(letter);
    }
}

static void deliver(AlertMail *mail, const Letter *letter)
{
    g_autofree char *file = NULL;
    g_autoptr(Err) error = NULL;
    bool is_sent = false;
    if (!write_file(mail, letter, &file, &error)) {
        log_warn("no mail is sent about %s: %s", letter->name, error->params[0]);
        return;
    }
    for (unsigned i = 0; i < ATTEMPTS && !is_sent; i++) {
        if (i > 0 && !op_sleep(mail->op, RETRY_PAUSE, NULL)) {
            break;
        }
        g_clear_pointer(&error, err_free);
        is_sent = send(mail, letter, file, &error);
    }
    unlink(file);
    if (!is_sent && !op_is_cancelled(mail->op)) {
        g_autofree char *text = err_to_string(error);
        log_warn("the mail about %s could not be sent: %s", letter->name, text);
    }
}

/* No configuration file of the daemon's user has a say. */
static bool send(AlertMail *mail, const Letter *letter, const char *file, Err **err)
{
    g_autofree char *url = g_strdup_printf("smtp://%s", letter->server);
    g_autofree char *from = sender(mail);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *const begin[] = {CURL,
                                 "--disable",
                                 "--silent",
                                 "--show-error",
                                 "--globoff",
                                 "--proto",
                                 "=smtp",
                                 "--proxy",
                                 "",
                                 "--url",
                                 url,
                                 "--mail-from",
                                 from,
                                 "--connect-timeout",
                                 CONNECT_TIMEOUT,
                                 "--upload-file",
                                 file};
    for (size_t i = 0; i < G_N_ELEMENTS(begin); i++) {
        g_ptr_array_add(argv, (char *)begin[i]);
    }
    for (char **receiver = letter->receivers; *receiver; receiver++) {
        g_ptr_array_add(argv, (char *)"--mail-rcpt");
        g_ptr_array_add(argv, *receiver);
    }
    g_ptr_array_add(argv, NULL);
    g_autoptr(Op) op = op_new_child(mail->op, SEND_LIMIT);
    return op_run_ok(op, (const char *const *)argv->pdata, NULL, err);
}

/* Beside the daemon's state, where the next start removes what is left. */
static bool write_file(AlertMail *mail, const Letter *letter, char **ret_file, Err **err)
{
    g_autofree char *folder =
        g_build_filename(platform_paths(mail->platform)->state_dir, "uploads", NULL);
    g_autofree char *file = g_build_filename(folder, "mail", NULL);
    g_autofree char *from = sender(mail);
    g_autofree char *to = g_strjoinv(", ", letter->receivers);
    const MailFacts facts = {.from = from,
                             .to = to,
                             .origin = letter->origin,
                             .name = letter->name,
                             .cls = letter->cls,
                             .object_uuid = letter->object_uuid,
                             .body = letter->body,
                             .priority = letter->priority,
                             .when = letter->when};
    g_autoptr(GString) text = mail_text_write(&facts);
    if (!fd_make_dirs(folder, 0700, err) || !fd_write_file(file, text->str, text->len, 0600, err)) {
        return false;
    }
    *ret_file = g_steal_pointer(&file);
    return true;
}

/* (owned) */
static char *sender(AlertMail *mail)
{
    char *from = g_strdup_printf("clearwater@%s", platform_config(mail->platform)->host_name);
    if (!mail_text_is_address(from)) {
        g_free(from);
        from = g_strdup("clearwater@localhost");
    }
    return from;
}

static void letter_free(Letter *letter)
{
    g_strfreev(letter->receivers);
    g_free(letter->server);
    g_free(letter->origin);
    g_free(letter->name);
    g_free(letter->cls);
    g_free(letter->object_uuid);
    g_free(letter->body);
    g_free(letter);
}
