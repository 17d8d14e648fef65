/* Small files off the local disk, read whole. */
#include "front/web.h"

#include "base/fd.h"

#include <sys/stat.h>

/* By the end of the name; browsers run and style nothing of another type. */
static const struct {
    const char *suffix, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".ico", "image/x-icon"},
    {".txt", "text/plain; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".woff", "font/woff"},
    {".woff2", "font/woff2"},
};

static const char *type_of(const char *file);

void web_serve(HttpExchange *exchange, const char *root)
{
    const HttpHead *head = http_exchange_head(exchange);
    g_autofree char *file = web_file_of(root, head->path);
    struct stat about;
    if (!file || stat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        http_reply_error(exchange, 404, NULL);
        return;
    }
    g_autofree char *etag = g_strdup_printf("\"%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x\"",
                                            (gint64)about.st_mtim.tv_sec * G_USEC_PER_SEC +
                                                about.st_mtim.tv_nsec / 1000,
                                            (gint64)about.st_size);
    const char *const headers[] = {"content-type",
                                   type_of(file),
                                   "cache-control",
                                   "no-cache",
                                   "etag",
                                   etag,
                                   "x-content-type-options",
                                   "nosniff",
                                   NULL};
    const char *known = http_header(head, "If-None-Match");
    if (known && strcmp(known, etag) == 0) {
        http_reply(exchange, 304, headers, NULL);
        return;
    }
    size_t length;
    g_autofree char *content = fd_read_file(file, WEB_MAX_FILE, &length, NULL);
    if (!content) {
        http_reply_error(exchange, 404, NULL);
        return;
    }
    http_reply(exchange, 200, headers, g_string_new_len(content, (gssize)length));
}

char *web_file_of(const char *root, const char *path)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    for (unsigned i = 0; segments[i]; i++) {
        bool is_outer =
            i == 0 || !segments[i + 1]; /* empty before the first "/" and after the last */
        if (*segments[i] == '.' || (!*segments[i] && !is_outer)) {
            return NULL;
        }
    }
    const char *index = g_str_has_suffix(path, "/") ? "index.html" : "";
    return *path == '/' ? g_strconcat(root, path, index, NULL) : NULL;
}

static const char *type_of(const char *file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_has_suffix(file, types[i].suffix)) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}
