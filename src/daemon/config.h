/* The daemon's settings: built-in values, one of the environment, then the configuration file, then
 * the command line.
 *
 * File: <root>/etc/clearwater/clearwater.conf, lines "key = value", '#' starts a comment.  Keys are
 * the long options without their dashes: https, http, engine, accelerator, guest-user,
 * guest-cgroup, address, host-name, pam-service, web-root, log-level, manage-machine. */
#pragma once

#include "base/err.h"
#include "base/log.h"

#include <stdint.h>

typedef struct DaemonConfig {
    char *root;         /* "/" by default; everything lies below it */
    char *https, *http; /* "ADDRESS:PORT"; "" does not listen */
    char *engine;       /* "auto", "qemu", "xen" or "fake" */
    char *accelerator;  /* "auto", "kvm", "tcg" */
    char *guest_user;   /* account that runs guests; "" for root */
    char *guest_cgroup; /* folder of a control group for guests; "" for none */
    char *address;      /* what clients reach the host by; "": the address of `https` */
    char *host_name;    /* "": the machine's */
    char *pam_service;  /* "": PAM is not asked */
    char *web_root;     /* folder of a web console's files; "": there is none */
    LogLevel log_level;
    bool manage_machine; /* API calls may reboot and reconfigure this machine */
    bool foreground;
    bool show_help, show_version;
    int argc; /* what it was loaded from (borrowed) */
    char **argv;
} DaemonConfig;

/* Errors name the option, or the file and its line, and what is expected. */
bool config_load(int argc, char **argv, DaemonConfig *ret_config, Err **err);
void config_clear(DaemonConfig *config);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DaemonConfig, config_clear)

/* "127.0.0.1:8443" or "[::1]:8443". `ret_address` (owned). */
bool config_parse_endpoint(const char *text, char **ret_address, uint16_t *ret_port, Err **err);

extern const char config_usage[];
