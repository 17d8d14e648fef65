/* A pool of made-up objects behind core_invoke(), and a terminal that runs xe against it: the real
 * client on one end of a socket pair, the real server on the other, nothing in between. */
#pragma once

#include "base/fd.h"
#include "core/dispatch.h"
#include "front/cli/front_cli.h"
#include "gen/schema.h"
#include "wire/json.h"
#include "xe/xe_session.h"

#include <sys/socket.h>
#include <unistd.h>

typedef struct CliFixtureObject {
    uint16_t class_id;
    Uuid ref;
    Value *record;
} CliFixtureObject;

typedef struct CliFixture {
    GArray *objects; /* CliFixtureObject */
    GString *calls;  /* calls that change something, one a line */
    unsigned records_read;
    /* Answers what the fixture does not; NULL result and no error: an empty answer. */
    Value *(*answer)(const char *method, const Value *params, Err **err);
    const char *input; /* what the user types */
} CliFixture;

typedef struct CliRunResult {
    int exit_status;
    char *out, *err;
} CliRunResult;

static inline void cli_run_result_clear(CliRunResult *result)
{
    g_free(result->out);
    g_free(result->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliRunResult, cli_run_result_clear)

static inline Core *cli_fixture_core(CliFixture *fixture)
{
    return (Core *)fixture;
}

/* Objects are called by a letter; their reference and uuid are made of it. */
static inline Uuid cli_fixture_id(char letter, bool is_ref)
{
    Uuid uuid = {{0}};
    uuid.bytes[0] = is_ref ? 0xff : 0;
    uuid.bytes[15] = (uint8_t)letter;
    return uuid;
}

#define CLI_UUID(letter) UUID_TEXT(cli_fixture_id((letter), false))

/* "@a" in a string is the reference of a. (owned) */
static inline char *cli_fixture_expand(const char *json)
{
    GString *text = g_string_new(NULL);
    for (; *json; json++) {
        if (*json == '@') {
            g_string_append(text, REF_TEXT(cli_fixture_id(*++json, true)));
        } else {
            g_string_append_c(text, *json);
        }
    }
    return g_string_free(text, FALSE);
}

/* Adds an object; fields that `json` does not name have their defaults. */
static inline void cli_fixture_add(CliFixture *fixture, const char *class_name, char letter,
                                   const char *json)
{
    int class_id = db_schema_find_class(&model_schema, class_name);
    g_assert_cmpint(class_id, >=, 0);
    const DbClass *class_info = &model_schema.classes[class_id];
    g_autofree char *text = cli_fixture_expand(json);
    g_autoptr(Value) given = json_parse(text, strlen(text), NULL);
    g_assert_nonnull(given);
    Value *record = value_new_struct(class_info->field_count);
    for (unsigned i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        Value *value = value_get(given, field->name);
        Value *cell = value ? type_coerce(&model_schema, field->type, value, field->name, NULL)
                            : type_empty_value(field->type);
        if (strcmp(field->name, "uuid") == 0) {
            value_unref(cell);
            cell = value_new_string(CLI_UUID(letter));
        }
        g_assert_nonnull(cell);
        value_struct_add_static(record, field->name, cell);
    }
    CliFixtureObject object = {(uint16_t)class_id, cli_fixture_id(letter, true), record};
    g_array_append_val(fixture->objects, object);
}

static inline void cli_fixture_init(CliFixture *fixture)
{
    *fixture = (CliFixture){
        .objects = g_array_new(FALSE, FALSE, sizeof(CliFixtureObject)),
        .calls = g_string_new(NULL),
    };
}

static inline void cli_fixture_clear(CliFixture *fixture)
{
    for (unsigned i = 0; i < fixture->objects->len; i++) {
        value_unref(g_array_index(fixture->objects, CliFixtureObject, i).record);
    }
    g_array_unref(fixture->objects);
    g_string_free(fixture->calls, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliFixture, cli_fixture_clear)

static inline CliFixtureObject *cli_fixture_find(CliFixture *fixture, int class_id, Uuid ref)
{
    for (unsigned i = 0; i < fixture->objects->len; i++) {
        CliFixtureObject *object = &g_array_index(fixture->objects, CliFixtureObject, i);
        if (object->class_id == class_id && uuid_equal(object->ref, ref)) {
            return object;
        }
    }
    return NULL;
}

/* Every object of the class, or those whose `field` (NULL: any) is `text`. */
static inline Value *cli_fixture_collect(CliFixture *fixture, int class_id, const char *field,
                                         const char *text, bool with_records)
{
    Value *found = with_records ? value_new_struct(0) : value_new_array(0);
    for (unsigned i = 0; i < fixture->objects->len; i++) {
        CliFixtureObject *object = &g_array_index(fixture->objects, CliFixtureObject, i);
        if (object->class_id != class_id ||
            (field && g_strcmp0(value_get_string(object->record, field), text) != 0)) {
            continue;
        }
        if (with_records) {
            value_struct_add(found, REF_TEXT(object->ref), value_ref(object->record));
        } else {
            value_array_add(found, value_new_ref(object->ref));
        }
    }
    return found;
}

static inline Value *cli_fixture_read(CliFixture *fixture, int class_id, const char *verb,
                                      const Value *params, Err **err)
{
    const Value *first = value_count(params) > 0 ? value_at(params, 0) : NULL;
    if (g_str_has_prefix(verb, "get_all_records")) {
        return cli_fixture_collect(fixture, class_id, NULL, NULL, true);
    }
    if (strcmp(verb, "get_all") == 0) {
        return cli_fixture_collect(fixture, class_id, NULL, NULL, false);
    }
    if (strcmp(verb, "get_by_name_label") == 0) {
        return cli_fixture_collect(fixture, class_id, "name_label", value_string(first), false);
    }
    if (strcmp(verb, "get_by_uuid") == 0) {
        g_autoptr(Value) found =
            cli_fixture_collect(fixture, class_id, "uuid", value_string(first), false);
        if (value_count(found) == 0) {
            err_set(err, "UUID_INVALID", model_schema.classes[class_id].name, value_string(first));
            return NULL;
        }
        return value_ref(value_at(found, 0));
    }
    CliFixtureObject *object = cli_fixture_find(fixture, class_id, value_uuid(first));
    fixture->records_read += strcmp(verb, "get_record") == 0;
    const char *field = verb + strlen("get_");
    if (!object) {
        err_set(err, "HANDLE_INVALID", model_schema.classes[class_id].name,
                REF_TEXT(value_uuid(first)));
        return NULL;
    }
    if (strcmp(field, "record") == 0) {
        return value_ref(object->record);
    }
    Value *value = value_get(object->record, field);
    return value ? value_ref(value) : NULL;
}

static inline void cli_fixture_log(CliFixture *fixture, const char *method, const Value *params)
{
    g_autoptr(GString) text = g_string_new(NULL);
    json_append(text, params);
    g_string_append_printf(fixture->calls, "%s %s\n", method, text->str);
}

/* What the command line calls instead of the daemon's core. */
Value *core_invoke(Core *core, const CoreCaller *caller, const char *method, Value *params,
                   Err **err)
{
    CliFixture *fixture = (CliFixture *)core;
    g_autoptr(Value) owned = params;
    (void)owned;
    (void)caller;
    if (g_str_has_prefix(method, "session.log") || g_str_has_prefix(method, "session.slave")) {
        if (strcmp(method, "session.login_with_password") == 0 &&
            strcmp(value_string(value_at(params, 1)), "bad") == 0) {
            err_set(err, "SESSION_AUTHENTICATION_FAILED", value_string(value_at(params, 0)), "no");
            return NULL;
        }
        return value_new_ref(cli_fixture_id('S', true));
    }
    Err *refusal = NULL;
    Value *answer = fixture->answer ? fixture->answer(method, params, &refusal) : NULL;
    const char *dot = strchr(method, '.');
    g_autofree char *class_name = g_strndup(method, (gsize)(dot - method));
    int class_id = db_schema_find_class(&model_schema, class_name);
    if (!answer && !refusal && class_id >= 0 && g_str_has_prefix(dot + 1, "get_")) {
        answer = cli_fixture_read(fixture, class_id, dot + 1, params, &refusal);
        if (refusal) {
            err_propagate(err, refusal);
            return NULL;
        }
        if (answer) {
            return answer;
        }
    }
    if (strcmp(method, "message.get") == 0) {
        return value_new_struct(0);
    }
    cli_fixture_log(fixture, method, params);
    if (refusal) {
        err_propagate(err, refusal);
        return NULL;
    }
    return answer ? answer : value_new_void();
}

/* The command line's own Op hangs from this. */
Op *core_op(Core *core)
{
    (void)core;
    g_assert_not_reached();
}

/* The server's end of a run. */
typedef struct CliServing {
    CliFixture *fixture;
    Stream *stream;
    const char *body;
} CliServing;

static gpointer cli_fixture_serve(gpointer data)
{
    CliServing *serving = data;
    FrontCliPeer peer = {.address = "unix", .originator = "cli", .is_local_root = true};
    g_autoptr(GBytes) body = g_bytes_new(serving->body, strlen(serving->body));
    g_autoptr(Op) op = op_new(60 * USEC_PER_SEC);
    front_cli_serve(cli_fixture_core(serving->fixture), op, serving->stream, body, &peer);
    g_clear_pointer(&serving->stream, stream_free);
    return NULL;
}

static inline char *cli_fixture_read_all(FILE *file)
{
    GString *text = g_string_new(NULL);
    char block[4096];
    size_t count;
    rewind(file);
    while ((count = fread(block, 1, sizeof block, file)) > 0) {
        g_string_append_len(text, block, (gssize)count);
    }
    fclose(file);
    return g_string_free(text, FALSE);
}

/* Runs one command; `body` is what xe would post. `files` (may be NULL) are the user's. */
static inline CliRunResult cli_fixture_run_body(CliFixture *fixture, const char *body,
                                                GPtrArray *files)
{
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    CliServing serving = {fixture, stream_new_fd(pair[0]), body};
    GThread *thread = g_thread_new("serve", cli_fixture_serve, &serving);

    g_autoptr(Op) op = op_new(60 * USEC_PER_SEC);
    g_autoptr(Stream) stream = stream_new_fd(pair[1]);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    FILE *out = tmpfile(), *complaints = tmpfile(), *input = tmpfile();
    fputs(fixture->input ? fixture->input : "", input);
    rewind(input);
    XeSession session = {.op = op,
                         .stream = stream,
                         .named_files = files ? files : none,
                         .input = fileno(input),
                         .output = fileno(out),
                         .complaints = fileno(complaints)};
    CliRunResult result = {.exit_status = -1};
    g_autoptr(Err) err = NULL;
    if (!xe_session_run(&session, &result.exit_status, &err)) {
        g_test_message("xe failed: %s", err->code);
    }
    g_clear_pointer(&stream, stream_free);
    g_thread_join(thread);
    fclose(input);
    result.out = cli_fixture_read_all(out);
    result.err = cli_fixture_read_all(complaints);
    return result;
}

/* Runs `line`, whose arguments are separated by blanks, as root. */
static inline CliRunResult cli_fixture_run(CliFixture *fixture, const char *line)
{
    g_autofree char *args = g_strdelimit(g_strdup(line), " ", '\n');
    g_autofree char *body = g_strconcat(args, "\nusername=root\npassword=secret", NULL);
    return cli_fixture_run_body(fixture, body, NULL);
}

/* Checks everything a command shows. */
#define cli_fixture_assert(fixture, line, status, out_text, err_text)                              \
    do {                                                                                           \
        g_auto(CliRunResult) result_ = cli_fixture_run((fixture), (line));                         \
        g_assert_cmpstr(result_.err, ==, (err_text));                                              \
        g_assert_cmpstr(result_.out, ==, (out_text));                                              \
        g_assert_cmpint(result_.exit_status, ==, (status));                                        \
    } while (0)
