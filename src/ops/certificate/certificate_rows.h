/* Objects of class Certificate, as the files say. */
#pragma once

#include "net/tls_pem.h"
#include "ops/platform.h"

/* The object for what this host shows to its clients; one that is there already is brought up to
 * date. Idempotent. */
bool certificate_rows_put_host(Platform *platform, Err **err);

/* The object of an authority's certificate, in place of one of the same name. */
CertificateRef certificate_rows_put_ca(DbTxn *txn, const char *name,
                                       const TlsCertificateInfo *info);
/* Drops it; nothing when there is none. */
void certificate_rows_remove_ca(DbTxn *txn, const char *name);

/* A trusted certificate: of an authority, or trusted for itself. `purpose` (borrowed). */
CertificateRef certificate_rows_add_trusted(DbTxn *txn, Uuid uuid, CertificateType type,
                                            const Value *purpose, const TlsCertificateInfo *info);
/* Whether the object stands for a file that is named by its uuid, and that name. (owned) */
bool certificate_rows_is_trusted(const DbView *view, CertificateRef certificate);
char *certificate_rows_file_name(const DbView *view, CertificateRef certificate);

/* Objects whose file is gone go too; files of authorities without an object get one. */
bool certificate_rows_sync(Platform *platform, Err **err);
/* The same at start, when no install is under way: also removes trusted files without an object,
 * for nobody can know what they were trusted for. */
bool certificate_rows_start(Platform *platform, Err **err);
