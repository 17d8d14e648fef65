/* One table of keys serves the file and the command line. */
#include "daemon/config.h"

#include "base/fd.h"
#include "base/text.h"

#include <stddef.h>

enum { CONFIG_MAX_BYTES = 64 * 1024 };

const char config_usage[] =
    "usage: clearwaterd [options]\n"
    "\n"
    "  --root DIR            everything of this host lies below DIR (default /)\n"
    "  --https ADDR:PORT     TLS (default 0.0.0.0:443; empty: none)\n"
    "  --http ADDR:PORT      without TLS (default 127.0.0.1:80; empty: none)\n"
    "  --engine NAME         auto (default), qemu, xen, or fake, which runs nothing\n"
    "  --accelerator NAME    auto (default), kvm or tcg\n"
    "  --guest-user NAME     account that runs guests (default clearwater-guest, if it exists)\n"
    "  --guest-cgroup DIR    control group (v2) that is delegated to guests (default: what\n"
    "                        $CLEARWATER_GUEST_CGROUP says; empty: none)\n"
    "  --address ADDR        what clients reach this host by (default: that of --https)\n"
    "  --host-name NAME      default: the machine's\n"
    "  --pam-service NAME    also ask PAM for accounts (default clearwater; empty: never)\n"
    "  --web-root DIR        files of a web console, served at / (default: none)\n"
    "  --log-level LEVEL     debug, info (default), warn, error\n"
    "  --manage-machine BOOL the API may reboot and reconfigure this machine (default no)\n"
    "  --foreground          stay in the foreground, log to stderr too\n"
    "  --help, --version\n"
    "\n"
    "The same names, without dashes, are keys of DIR/etc/clearwater/clearwater.conf.\n";

/* Where the daemon's unit says which group systemd has made for guests. */
#define GROUP_VARIABLE "CLEARWATER_GUEST_CGROUP"

/* Keys with a text value, and where it goes. */
static const struct {
    const char *key;
    size_t offset;
    const char *initial;
} keys[] = {
    {"root", offsetof(DaemonConfig, root), "/"},
    {"https", offsetof(DaemonConfig, https), "0.0.0.0:443"},
    {"http", offsetof(DaemonConfig, http), "127.0.0.1:80"},
    {"engine", offsetof(DaemonConfig, engine), "auto"},
    {"accelerator", offsetof(DaemonConfig, accelerator), "auto"},
    {"guest-user", offsetof(DaemonConfig, guest_user), "clearwater-guest"},
    {"guest-cgroup", offsetof(DaemonConfig, guest_cgroup), ""},
    {"address", offsetof(DaemonConfig, address), ""},
    {"host-name", offsetof(DaemonConfig, host_name), ""},
    {"pam-service", offsetof(DaemonConfig, pam_service), "clearwater"},
    {"web-root", offsetof(DaemonConfig, web_root), ""},
};

static bool set_key(DaemonConfig *config, const char *key, const char *value, Err **err);
static bool read_command_line(int argc, char **argv, DaemonConfig *config, Err **err);
static bool read_file(DaemonConfig *config, Err **err);

static char **slot(DaemonConfig *config, size_t index)
{
    return (char **)((char *)config + keys[index].offset);
}

/* The command line is read twice: first for --root, which says where the file is, and again so
 * that it wins over the file. */
bool config_load(int argc, char **argv, DaemonConfig *ret_config, Err **err)
{
    g_auto(DaemonConfig) config = {.log_level = LOG_INFO, .argc = argc, .argv = argv};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        *slot(&config, i) = g_strdup(keys[i].initial);
    }
    if (g_getenv(GROUP_VARIABLE)) {
        g_free(config.guest_cgroup);
        config.guest_cgroup = g_strdup(g_getenv(GROUP_VARIABLE));
    }
    if (!read_command_line(argc, argv, &config, err) || !read_file(&config, err) ||
        !read_command_line(argc, argv, &config, err)) {
        return false;
    }
    *ret_config = config;
    config = (DaemonConfig){0};
    return true;
}

void config_clear(DaemonConfig *config)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_clear_pointer(slot(config, i), g_free);
    }
}

bool config_parse_endpoint(const char *text, char **ret_address, uint16_t *ret_port, Err **err)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (!colon || colon == text || !text_parse_uint(colon + 1, UINT16_MAX, &port)) {
        return err_internal(err, "%s: an address and a port are expected, as in 127.0.0.1:443",
                            text);
    }
    bool is_bracketed = text[0] == '[' && colon[-1] == ']' && colon - text > 2;
    if (text[0] == '[' && !is_bracketed) {
        return err_internal(err, "%s: an address within [ ] is expected, as in [::1]:443", text);
    }
    *ret_address =
        is_bracketed ? g_strndup(text + 1, colon - text - 2) : g_strndup(text, colon - text);
    *ret_port = port;
    return true;
}

static bool set_key(DaemonConfig *config, const char *key, const char *value, Err **err)
{
    if (strcmp(key, "log-level") == 0) {
        return log_parse_level(value, &config->log_level) ||
               err_internal(err, "log-level %s: debug, info, warn or error is expected", value);
    }
    if (strcmp(key, "manage-machine") == 0) {
        return text_parse_bool(value, &config->manage_machine) ||
               err_internal(err, "manage-machine %s: yes or no is expected", value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].key, key) == 0) {
            g_free(*slot(config, i));
            *slot(config, i) = g_strdup(value);
            return true;
        }
    }
    return err_internal(err, "unknown setting %s", key);
}

static bool read_command_line(int argc, char **argv, DaemonConfig *config, Err **err)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--foreground") == 0) {
            config->foreground = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            config->show_help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            config->show_version = true;
        } else if (!g_str_has_prefix(argv[i], "--") || i + 1 == argc) {
            return err_internal(err, "%s: not an option, or its value is missing; see --help",
                                argv[i]);
        } else if (!set_key(config, argv[i] + 2, argv[i + 1], err)) {
            return false;
        } else {
            i++;
        }
    }
    return true;
}

static bool read_file(DaemonConfig *config, Err **err)
{
    g_autofree char *path = g_build_filename(config->root, "etc/clearwater/clearwater.conf", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        return true;
    }
    g_autofree char *text = fd_read_file(path, CONFIG_MAX_BYTES, NULL, err);
    if (!text) {
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        char *comment = strchr(lines[i], '#');
        if (comment) {
            *comment = '\0';
        }
        g_strstrip(lines[i]);
        g_auto(GStrv) parts = g_strsplit(lines[i], "=", 2);
        if (!*lines[i]) {
            continue;
        }
        if (g_strv_length(parts) != 2) {
            return err_internal(err, "%s:%u: 'key = value' is expected", path, i + 1);
        }
        g_autoptr(Err) error = NULL;
        if (!set_key(config, g_strstrip(parts[0]), g_strstrip(parts[1]), &error)) {
            return err_internal(err, "%s:%u: %s", path, i + 1, error->params[0]);
        }
    }
    return true;
}
