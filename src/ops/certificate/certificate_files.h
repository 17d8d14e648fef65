/* Certificates of authorities, revocation lists and trusted certificates as files: a folder of this
 * host for each kind, one PEM file for each. */
#pragma once

#include "ops/platform.h"

typedef enum CertificateKind {
    CERTIFICATE_KIND_CA,      /* named by people */
    CERTIFICATE_KIND_CRL,     /* named by people */
    CERTIFICATE_KIND_TRUSTED, /* named by the uuid of its object */
    CERTIFICATE_KIND_COUNT,
} CertificateKind;

/* Letters, digits, '.', '_' and '-', no dot in front, ".pem" at the end. */
bool certificate_name_is_valid(const char *name);

/* Fails with CERTIFICATE_NAME_INVALID, CERTIFICATE_ALREADY_EXISTS or their twins for revocation
 * lists, or CERTIFICATE_LIBRARY_CORRUPT when the disk does not take it. */
bool certificate_files_install(const Platform *platform, CertificateKind kind, const char *name,
                               const char *pem, Err **err);
/* CERTIFICATE_NAME_INVALID, CERTIFICATE_DOES_NOT_EXIST, CERTIFICATE_CORRUPT, or their twins. */
bool certificate_files_uninstall(const Platform *platform, CertificateKind kind, const char *name,
                                 Err **err);

/* The names there are, sorted; NULL-terminated. (owned) */
char **certificate_files_list(const Platform *platform, CertificateKind kind);
/* The text of one; NULL when it cannot be read. (owned) */
char *certificate_files_read(const Platform *platform, CertificateKind kind, const char *name);
