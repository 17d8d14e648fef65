/* QMP against the other end of a socket pair: answers, events, refusals, and what a broken or
 * hostile QEMU may send. */
#include "hv/qmp.h"

#include "base/fd.h"

#include <sys/socket.h>

#define PATIENCE (60 * USEC_PER_SEC)

/* The driver's half with its reading thread, and the socket of a QEMU played by the test. */
typedef struct Fixture {
    Qmp *qmp;
    int qemu;
    Op *op;
    GThread *reader;
    GString *events; /* names, a blank behind each; the reader's until it has ended */
} Fixture;

/* A command that another thread runs. */
typedef struct Call {
    Fixture *fixture;
    const char *command;
    Op *op;
    int fd;
    bool done;
    Value *answer;
    Err *err;
} Call;

static void on_event(void *user, const char *event, const Value *data)
{
    Fixture *fixture = user;
    const char *text = data ? value_get_string(data, "text") : NULL;
    g_string_append_printf(fixture->events, "%s(%s) ", event, text ? text : "");
}

static gpointer read_all(gpointer data)
{
    Fixture *fixture = data;
    struct pollfd poll = {.fd = qmp_fd(fixture->qmp), .events = POLLIN};
    Err *err = NULL;
    while (op_poll(fixture->op, &poll, 1, NULL) && qmp_read(fixture->qmp, &err)) {
    }
    qmp_shut(fixture->qmp);
    return err;
}

static void set_up(Fixture *fixture)
{
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    fixture->events = g_string_new(NULL);
    fixture->op = op_new(PATIENCE);
    fixture->qemu = pair[1];
    fixture->qmp = qmp_new(pair[0], "QEMU of a test", on_event, fixture);
    fixture->reader = g_thread_new("reader", read_all, fixture);
}

/* Ends the connection if it has not ended; the reader's error. (owned) */
static Err *join(Fixture *fixture)
{
    shutdown(fixture->qemu, SHUT_WR);
    return g_thread_join(fixture->reader);
}

static void tear_down(Fixture *fixture)
{
    fd_close(&fixture->qemu);
    qmp_free(fixture->qmp);
    op_unref(fixture->op);
    g_string_free(fixture->events, TRUE);
}

/* What the driver sends next, up to a line's end. (owned) */
static char *receive(Fixture *fixture)
{
    g_autoptr(GString) line = g_string_new(NULL);
    char byte;
    while (line->len == 0 || line->str[line->len - 1] != '\n') {
        struct pollfd poll = {.fd = fixture->qemu, .events = POLLIN};
        g_assert_true(op_poll(fixture->op, &poll, 1, NULL));
        g_assert_cmpint(recv(fixture->qemu, &byte, 1, 0), ==, 1);
        g_string_append_c(line, byte);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

static void expect(Fixture *fixture, const char *line)
{
    g_autofree char *got = receive(fixture);
    g_assert_cmpstr(got, ==, line);
}

static void answer(Fixture *fixture, const char *text)
{
    g_assert_true(fd_write_all(fixture->qemu, text, strlen(text), NULL));
}

static gpointer run_call(gpointer data)
{
    Call *call = data;
    Value *args = value_new_struct(1);
    value_struct_add(args, "n", value_new_int(1));
    Op *op = call->op ? call->op : call->fixture->op;
    call->done = qmp_call_fd(call->fixture->qmp, op, call->command, args, call->fd, &call->answer,
                             &call->err);
    return NULL;
}

static void test_answers(void)
{
    Fixture fixture;
    set_up(&fixture);
    answer(&fixture, "{\"QMP\":{\"version\":{}}}\r\n{\"return\":{},\"id\":0}\r\n");
    expect(&fixture, "{\"execute\":\"qmp_capabilities\",\"id\":0}\n");
    Call first = {.fixture = &fixture, .command = "one", .fd = -1};
    GThread *first_thread = g_thread_new("one", run_call, &first);
    expect(&fixture, "{\"execute\":\"one\",\"id\":1,\"arguments\":{\"n\":1}}\n");
    Call second = {.fixture = &fixture, .command = "two", .fd = -1};
    GThread *second_thread = g_thread_new("two", run_call, &second);
    expect(&fixture, "{\"execute\":\"two\",\"id\":2,\"arguments\":{\"n\":1}}\n");
    /* In the other order, with an event between, and one answer in two pieces. */
    answer(&fixture, "{\"return\":{\"a\":\"second\"},\"id\":2}\r\n{\"event\":\"E\"}\r\n{\"ret");
    g_thread_join(second_thread);
    answer(&fixture, "urn\":{\"a\":\"first\"},\"id\":1}\r\n");
    g_thread_join(first_thread);
    g_assert_true(first.done && second.done);
    g_assert_cmpstr(value_get_string(first.answer, "a"), ==, "first");
    g_assert_cmpstr(value_get_string(second.answer, "a"), ==, "second");
    err_free(join(&fixture));
    g_assert_cmpstr(fixture.events->str, ==, "E() ");
    value_unref(first.answer);
    value_unref(second.answer);
    tear_down(&fixture);
}

static void test_refusals(void)
{
    static const struct {
        const char *answer, *text;
        bool absent;
    } refusals[] = {
        {"{\"error\":{\"class\":\"GenericError\",\"desc\":\"no way\"},\"id\":1}\n",
         "QEMU refused go: no way", false},
        {"{\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"no x\"},\"id\":1}\n",
         "QEMU refused go: DeviceNotFound: no x", true},
        {"{\"error\":{},\"id\":1}\n", "QEMU refused go: no reason given", false},
        {"{\"error\":7,\"id\":1}\n", "QEMU refused go: no reason given", false},
        {"{\"id\":1}\n", "QEMU answered go with neither result nor error", false},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        Fixture fixture;
        set_up(&fixture);
        g_free(receive(&fixture));
        Call call = {.fixture = &fixture, .command = "go", .fd = -1};
        GThread *thread = g_thread_new("go", run_call, &call);
        g_free(receive(&fixture));
        answer(&fixture, refusals[i].answer);
        g_thread_join(thread);
        g_assert_false(call.done);
        g_assert_null(call.answer);
        g_assert_cmpstr(call.err->params[0], ==, refusals[i].text);
        g_assert_cmpint(qmp_error_is_absent(call.err), ==, refusals[i].absent);
        err_free(call.err);
        err_free(join(&fixture));
        tear_down(&fixture);
    }
}

/* A thread that gave up gets nothing any more, and nobody else gets its answer. */
static void test_late_answer(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_free(receive(&fixture));
    g_autoptr(Op) impatient = op_new(0);
    Call call = {.fixture = &fixture, .command = "slow", .op = impatient, .fd = -1};
    GThread *thread = g_thread_new("slow", run_call, &call);
    g_free(receive(&fixture));
    g_thread_join(thread);
    g_assert_true(err_is(call.err, "INTERNAL_ERROR"));
    g_assert_false(qmp_error_is_refusal(call.err));
    err_free(call.err);
    Call next = {.fixture = &fixture, .command = "next", .fd = -1};
    thread = g_thread_new("next", run_call, &next);
    g_free(receive(&fixture));
    answer(&fixture,
           "{\"return\":{\"a\":\"late\"},\"id\":1}\n{\"return\":{\"a\":\"next\"},\"id\":2}\n");
    g_thread_join(thread);
    g_assert_cmpstr(value_get_string(next.answer, "a"), ==, "next");
    value_unref(next.answer);
    err_free(join(&fixture));
    tear_down(&fixture);
}

/* What QEMU did must be known, even to a caller that is not to go on. */
static void test_cancelled(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_free(receive(&fixture));
    g_autoptr(Op) op = op_new(PATIENCE);
    Call call = {.fixture = &fixture, .command = "begun", .op = op, .fd = -1};
    GThread *thread = g_thread_new("begun", run_call, &call);
    g_free(receive(&fixture));
    op_cancel(op);
    answer(&fixture, "{\"return\":{\"a\":\"done\"},\"id\":1}\n");
    g_thread_join(thread);
    g_assert_cmpstr(value_get_string(call.answer, "a"), ==, "done");
    value_unref(call.answer);
    err_free(join(&fixture));
    tear_down(&fixture);
}

static void test_end(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_free(receive(&fixture));
    Call call = {.fixture = &fixture, .command = "go", .fd = -1};
    GThread *thread = g_thread_new("go", run_call, &call);
    g_free(receive(&fixture));
    g_autoptr(Err) end = join(&fixture);
    g_assert_nonnull(end);
    g_thread_join(thread);
    g_assert_false(call.done);
    g_assert_nonnull(strstr(call.err->params[0], "ended before it answered go"));
    err_free(call.err);
    g_autoptr(Err) err = NULL;
    g_assert_false(qmp_call(fixture.qmp, fixture.op, "after", NULL, NULL, &err));
    g_assert_nonnull(err);
    tear_down(&fixture);
}

static void test_bad_messages(void)
{
    static const char *const bad[] = {"nonsense\n", "[]\n",          "7\n",
                                      "\n",         "{\"event\":\n", "\xff\xfe\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        Fixture fixture;
        set_up(&fixture);
        answer(&fixture, bad[i]);
        g_autoptr(Err) err = g_thread_join(fixture.reader);
        g_assert_nonnull(strstr(err->params[0], "not QMP"));
        tear_down(&fixture);
    }
    static const char *const strange[] = {
        "{}\n", "{\"event\":7}\n", "{\"id\":\"x\",\"return\":{}}\n", "{\"id\":99,\"return\":{}}\n"};
    Fixture fixture;
    set_up(&fixture);
    for (unsigned i = 0; i < G_N_ELEMENTS(strange); i++) {
        answer(&fixture, strange[i]);
    }
    answer(&fixture, "{\"event\":\"LAST\",\"data\":{\"text\":\"x\"}}\n");
    err_free(join(&fixture));
    g_assert_cmpstr(fixture.events->str, ==, "LAST(x) ");
    tear_down(&fixture);
}

static void test_limits(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_autofree char *chunk = g_strnfill(65536, 'x');
    /* The reader ends in the middle of it; what is sent after that is refused. */
    for (size_t sent = 0; sent <= QMP_MAX_MESSAGE; sent += 65536) {
        if (send(fixture.qemu, chunk, 65536, MSG_NOSIGNAL) < 0) {
            break;
        }
    }
    g_autoptr(Err) err = join(&fixture);
    g_assert_nonnull(strstr(err->params[0], "more than"));
    tear_down(&fixture);

    set_up(&fixture);
    g_autofree char *large = g_strnfill(QMP_MAX_COMMAND, 'y');
    Value *args = value_new_struct(1);
    value_struct_add(args, "large", value_new_string(large));
    g_autoptr(Err) refused = NULL;
    g_assert_false(qmp_call(fixture.qmp, fixture.op, "go", args, NULL, &refused));
    g_assert_nonnull(strstr(refused->params[0], "too many"));
    err_free(join(&fixture));
    tear_down(&fixture);
}

/* A QEMU that does not read must not hold up those who only tell it something. */
static void test_full_socket(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_autofree char *large = g_strnfill(QMP_MAX_COMMAND / 2, 'y');
    for (unsigned i = 0; i < 100; i++) {
        Value *args = value_new_struct(1);
        value_struct_add(args, "large", value_new_string(large));
        qmp_post(fixture.qmp, "go", args);
    }
    g_autoptr(Err) err = NULL;
    Value *args = value_new_struct(1);
    value_struct_add(args, "large", value_new_string(large));
    g_assert_false(qmp_call(fixture.qmp, fixture.op, "go", args, NULL, &err));
    g_assert_nonnull(strstr(err->params[0], "cannot send"));
    err_free(join(&fixture));
    tear_down(&fixture);
}

static void test_descriptor(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_free(receive(&fixture));
    int pipe_fds[2];
    g_assert_cmpint(pipe(pipe_fds), ==, 0);
    Call call = {.fixture = &fixture, .command = "add-fd", .fd = pipe_fds[1]};
    GThread *thread = g_thread_new("add", run_call, &call);
    char text[256];
    struct iovec piece = {text, sizeof text};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    g_assert_cmpint(recvmsg(fixture.qemu, &message, 0), >, 0);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    g_assert_nonnull(head);
    int passed;
    memcpy(&passed, CMSG_DATA(head), sizeof passed);
    answer(&fixture, "{\"return\":{},\"id\":1}\n");
    g_thread_join(thread);
    g_assert_true(call.done);
    value_unref(call.answer);
    g_assert_cmpint(write(passed, "!", 1), ==, 1);
    g_assert_cmpint(read(pipe_fds[0], text, 1), ==, 1);
    g_assert_cmpint(text[0], ==, '!');
    close(passed);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    err_free(join(&fixture));
    tear_down(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/answers", test_answers);
    g_test_add_func("/qmp/refusals", test_refusals);
    g_test_add_func("/qmp/late_answer", test_late_answer);
    g_test_add_func("/qmp/cancelled", test_cancelled);
    g_test_add_func("/qmp/end", test_end);
    g_test_add_func("/qmp/bad_messages", test_bad_messages);
    g_test_add_func("/qmp/limits", test_limits);
    g_test_add_func("/qmp/full_socket", test_full_socket);
    g_test_add_func("/qmp/descriptor", test_descriptor);
    return g_test_run();
}
