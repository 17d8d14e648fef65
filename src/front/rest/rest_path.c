/* Paths to classes, objects and messages, by the tables of the model. */
#include "front/rest/rest_path.h"

static const char ROOT[] = "/rest/v1";

enum { MAX_SEGMENTS = 4 };

static bool is_segment(const char *text);
static bool parse_action(char **segments, unsigned count, RestPath *path);

bool rest_path_parse(const DbSchema *schema, const char *path, RestPath *ret_path)
{
    if (!g_str_has_prefix(path, ROOT)) {
        return false;
    }
    const char *rest = path + strlen(ROOT);
    if (!*rest || strcmp(rest, "/") == 0) {
        *ret_path = (RestPath){.kind = REST_INDEX};
        return true;
    }
    g_auto(GStrv) segments = *rest == '/' ? g_strsplit(rest + 1, "/", MAX_SEGMENTS + 1) : NULL;
    unsigned count = segments ? g_strv_length(segments) : 0;
    for (unsigned i = 0; i < count; i++) {
        if (!is_segment(segments[i])) {
            return false;
        }
    }
    if (count == 0 || count > MAX_SEGMENTS) {
        return false;
    }
    RestPath found = {.kind = REST_CLASS};
    if (count == 1 && strcmp(segments[0], "openapi.json") == 0) {
        found.kind = REST_DOCUMENT;
    } else if (count == 1 && strcmp(segments[0], "events") == 0) {
        found.kind = REST_EVENTS;
    } else {
        int class_id = db_schema_find_class(schema, segments[0]);
        if (class_id < 0 || !parse_action(segments + 1, count - 1, &found)) {
            return false;
        }
        found.class_id = (uint16_t)class_id;
    }
    *ret_path = found;
    return true;
}

const MethodInfo *rest_method(const DbSchema *schema, uint16_t class_id, const char *message)
{
    g_autofree char *name = g_strdup_printf("%s.%s", schema->classes[class_id].name, message);
    const MethodInfo *method = method_find(name, strlen(name));
    return method && method->class_id == class_id && !(method->flags & METHOD_REMOVED) ? method
                                                                                       : NULL;
}

const MethodInfo *rest_path_action(const DbSchema *schema, const RestPath *path)
{
    const MethodInfo *method = rest_method(schema, path->class_id, path->message);
    if (!method || !(method->flags & METHOD_ACTION)) {
        return NULL;
    }
    bool has_self = method->param_count > 0 && method->params[0].type->kind == TYPE_REF &&
                    method->params[0].type->class_id == path->class_id;
    return has_self == (*path->id != '\0') ? method : NULL;
}

static bool is_segment(const char *text)
{
    return *text && strlen(text) <= REST_MAX_SEGMENT;
}

/* What stands behind the class: nothing, an id, "actions" and a message, or all of these. */
static bool parse_action(char **segments, unsigned count, RestPath *path)
{
    bool has_action = count >= 2;
    bool has_id = count == 1 || count == 3;
    if (has_action && strcmp(segments[count - 2], "actions") != 0) {
        return false;
    }
    if (has_id) {
        g_strlcpy(path->id, segments[0], sizeof path->id);
    }
    if (has_action) {
        g_strlcpy(path->message, segments[count - 1], sizeof path->message);
    }
    path->kind = has_action ? REST_ACTION : has_id ? REST_OBJECT : REST_CLASS;
    return true;
}
