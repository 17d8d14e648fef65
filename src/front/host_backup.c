/* The database goes into the archive as a copy of one moment; files beside it are read as they
 * are, and the start after a restore brings the two in line.
 *
 * The first entry of an archive says what it is.  All of a restore is written and looked at before
 * it counts: that every name is one of ours, that the database, the key and the host's uuid can be
 * opened. */
#include "front/host_backup.h"

#include "base/fd.h"
#include "base/log.h"
#include "front/archive.h"
#include "front/archive_reader.h"
#include "gen/errors.h"
#include "gen/schema.h"
#include "ops/platform.h"
#include "ops/state/state_draft.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char MANIFEST[] = "clearwater-backup";
static const char MANIFEST_TEXT[] = "format 1\n"; /* another number is another kind of archive */

#define MAX_BYTES ((int64_t)64 * 1024 * 1024 * 1024) /* of a backup that is restored, unpacked */
enum { MAX_FILES = 200000, DATABASE_MODE = 0600, MAX_UUID_LINE = 64 };

static bool send_backup(FrontRequest *request, Err **err);
static bool send_state(FrontRequest *request, Archive *archive, Err **err);
static bool add_database(FrontRequest *request, Archive *archive, Err **err);
static bool add_part(FrontRequest *request, Archive *archive, const StatePart *part, Err **err);
static bool add_folder(Archive *archive, const char *name, const char *path, unsigned depth,
                       Err **err);
static bool receive_backup(FrontRequest *request, Err **err);
static bool unpack(FrontRequest *request, const StateDraft *draft, Err **err);
static bool read_manifest(ArchiveReader *reader, Err **err);
static bool unpack_entry(ArchiveReader *reader, const StateDraft *draft, const TarEntry *entry,
                         Err **err);
static bool check(const StateDraft *draft, Err **err);
static bool check_database(const StateDraft *draft, Err **err);
static bool check_uuid(const StateDraft *draft, Err **err);
static StateDirs dirs_of(const FrontRequest *request);
static char *describe(const Err *cause);

const FrontHandler front_host_backup_handler = {HTTP_ACTION_GET_HOST_BACKUP, FRONT_STREAM,
                                                send_backup};
const FrontHandler front_host_restore_handler = {HTTP_ACTION_PUT_HOST_RESTORE, FRONT_STREAM,
                                                 receive_backup};

static bool send_backup(FrontRequest *request, Err **err)
{
    static const char *const headers[] = {"content-type", "application/gzip", "content-disposition",
                                          "attachment; filename=\"host_backup.tar.gz\"", NULL};
    g_autoptr(Archive) archive = archive_new(request, true);
    g_autoptr(Err) cause = NULL;
    if (!front_request_start(request, headers, err)) {
        return false;
    }
    if (send_state(request, archive, &cause)) {
        return true;
    }
    g_autofree char *text = describe(cause);
    return err_backup_script_failed(err, text);
}

static bool send_state(FrontRequest *request, Archive *archive, Err **err)
{
    if (!archive_add_text(archive, MANIFEST, MANIFEST_TEXT, err) ||
        !add_database(request, archive, err)) {
        return false;
    }
    for (unsigned i = 0; i < state_part_count; i++) {
        const StatePart *part = &state_parts[i];
        bool is_database = strcmp(part->name, STATE_DATABASE) == 0;
        if (!part->is_scratch && !is_database && !add_part(request, archive, part, err)) {
            return false;
        }
    }
    return archive_end(archive, err);
}

/* The daemon's own file is open and changes; the copy is made where a restore would have it, and is
 * gone again when this returns. */
static bool add_database(FrontRequest *request, Archive *archive, Err **err)
{
    const StateDirs dirs = dirs_of(request);
    g_auto(StateDraft) draft = {0};
    DbBackend backend;
    if (!state_draft_begin(&dirs, &draft, err)) {
        return false;
    }
    const char *area = state_area_name(STATE_AREA_STATE);
    g_autofree char *name = g_strdup_printf("%s/%s", area, STATE_DATABASE);
    g_autofree char *path = state_draft_path(&draft, area, STATE_DATABASE);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    return db_backend_sqlite(path, &backend, err) && db_export(snapshot, &backend, err) &&
           archive_add_whole_file(archive, name, path, err);
}

static bool add_part(FrontRequest *request, Archive *archive, const StatePart *part, Err **err)
{
    const StateDirs dirs = dirs_of(request);
    g_autofree char *path = g_build_filename(state_area_path(&dirs, part->area), part->name, NULL);
    g_autofree char *name = g_strdup_printf("%s/%s", state_area_name(part->area), part->name);
    return part->is_folder ? add_folder(archive, name, path, 0, err)
                           : archive_add_whole_file(archive, name, path, err);
}

/* A folder that is not there has nothing in it; what is neither file nor folder is no state. */
static bool add_folder(Archive *archive, const char *name, const char *path, unsigned depth,
                       Err **err)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        g_autofree char *inner_name = g_strdup_printf("%s/%s", name, entry);
        g_autofree char *inner_path = g_build_filename(path, entry, NULL);
        struct stat status;
        bool is_there = lstat(inner_path, &status) == 0;
        if (is_there && S_ISDIR(status.st_mode) && depth == STATE_MAX_DEPTH - 1) {
            return err_internal(err, "%s is too deep in its folder to be saved", inner_path);
        }
        if (is_there && S_ISDIR(status.st_mode) &&
            !add_folder(archive, inner_name, inner_path, depth + 1, err)) {
            return false;
        }
        if (is_there && S_ISREG(status.st_mode) &&
            !archive_add_whole_file(archive, inner_name, inner_path, err)) {
            return false;
        }
    }
    return true;
}

static bool receive_backup(FrontRequest *request, Err **err)
{
    const StateDirs dirs = dirs_of(request);
    g_auto(StateDraft) draft = {0};
    g_autoptr(Err) cause = NULL;
    if (!front_request_start(request, NULL, err)) {
        return false;
    }
    if (state_draft_begin(&dirs, &draft, &cause) && unpack(request, &draft, &cause) &&
        check(&draft, &cause) && state_draft_commit(&draft, true, &cause)) {
        log_info("the state of the host has been received and takes its place at the next start");
        return true;
    }
    g_autofree char *text = describe(cause);
    return err_restore_script_failed(err, text);
}

static bool unpack(FrontRequest *request, const StateDraft *draft, Err **err)
{
    g_autoptr(ArchiveReader) reader = archive_reader_new(request);
    int64_t bytes = 0;
    bool is_end = false;
    if (!read_manifest(reader, err)) {
        return false;
    }
    for (unsigned files = 0; files < MAX_FILES; files++) {
        TarEntry entry;
        if (!archive_reader_next(reader, &entry, &is_end, err)) {
            return false;
        }
        if (is_end) {
            return true;
        }
        bytes += entry.size;
        if (bytes > MAX_BYTES) {
            return err_internal(err, "the backup is larger than %" G_GINT64_FORMAT " bytes",
                                MAX_BYTES);
        }
        if (!unpack_entry(reader, draft, &entry, err)) {
            return false;
        }
    }
    return err_internal(err, "the backup has more than %d files", MAX_FILES);
}

static bool read_manifest(ArchiveReader *reader, Err **err)
{
    TarEntry entry;
    char text[sizeof MANIFEST_TEXT] = "";
    bool is_end = false;
    if (!archive_reader_next(reader, &entry, &is_end, err)) {
        return false;
    }
    if (is_end || strcmp(entry.name, MANIFEST) != 0) {
        return err_internal(err, "the archive is no backup of a host");
    }
    for (size_t length = 0; length < sizeof text - 1;) {
        ssize_t count = archive_reader_read(reader, text + length, sizeof text - 1 - length, err);
        if (count < 0) {
            return false;
        }
        if (count == 0) {
            break;
        }
        length += (size_t)count;
    }
    return strcmp(text, MANIFEST_TEXT) == 0 ||
           err_internal(err, "the backup is of a kind that this version does not know");
}

static bool unpack_entry(ArchiveReader *reader, const StateDraft *draft, const TarEntry *entry,
                         Err **err)
{
    char buffer[16384];
    ssize_t count;
    if (!entry->is_file) {
        return err_internal(err, "the backup has something that is no file");
    }
    auto_fd fd = state_draft_create(draft, entry->name, entry->mode, err);
    if (fd < 0) {
        return false;
    }
    while ((count = archive_reader_read(reader, buffer, sizeof buffer, err)) > 0) {
        if (!fd_write_all(fd, buffer, (size_t)count, err)) {
            return false;
        }
    }
    return count == 0;
}

/* What cannot be opened now would not be at the next start either. */
static bool check(const StateDraft *draft, Err **err)
{
    const char *etc = state_area_name(STATE_AREA_ETC);
    g_autofree char *certificate = state_draft_path(draft, etc, "xapi-ssl.pem");
    g_autoptr(TlsContext) tls = tls_server_new(certificate, err);
    return tls && check_uuid(draft, err) && check_database(draft, err);
}

static bool check_uuid(const StateDraft *draft, Err **err)
{
    const char *state = state_area_name(STATE_AREA_STATE);
    g_autofree char *path = state_draft_path(draft, state, "host-uuid");
    g_autofree char *text = fd_read_file(path, MAX_UUID_LINE, NULL, err);
    Uuid uuid;
    return text && (uuid_parse(g_strchomp(text), &uuid) ||
                    err_internal(err, "the backup does not tell which host it is of"));
}

static bool check_database(const StateDraft *draft, Err **err)
{
    const char *state = state_area_name(STATE_AREA_STATE);
    g_autofree char *path = state_draft_path(draft, state, STATE_DATABASE);
    DbBackend backend;
    if (access(path, F_OK) < 0) { /* or it would be made */
        return err_internal(err, "the backup has no database");
    }
    if (!db_backend_sqlite(path, &backend, err)) {
        return false;
    }
    g_autoptr(Db) db = db_open(&model_schema, &backend, err);
    return db != NULL;
}

static StateDirs dirs_of(const FrontRequest *request)
{
    const PlatformPaths *paths = platform_paths(core_platform(request->core));
    return (StateDirs){.state_dir = paths->state_dir, .etc_dir = paths->etc_dir};
}

/* An internal error is its text. (owned) */
static char *describe(const Err *cause)
{
    return err_is(cause, "INTERNAL_ERROR") ? g_strdup(cause->params[0]) : err_to_string(cause);
}
