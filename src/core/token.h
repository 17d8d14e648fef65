/* API tokens: who shows one is let in as its maker, with the token's role, until its end.
 *
 * The objects of class api_token hold what is known of tokens; here are the form of their texts and
 * the sessions that calls by them run under, one for each token in use. */
#pragma once

#include "core/auth.h"
#include "core/session.h"

typedef struct Tokens Tokens;

enum {
    TOKEN_MAX = 1000, /* in all */
    TOKEN_DEFAULT_DAYS = 90,
    TOKEN_MAX_DAYS = 3650,
    TOKEN_MAX_NAME = 128,      /* bytes of its name */
    TOKEN_SECRET_BYTES = 32,   /* of randomness in its text */
    TOKEN_LAST_USED_SECS = 600 /* last_used is written at most this often */
};

Tokens *tokens_new(Db *db, Sessions *sessions, Auth *auth);
void tokens_free(Tokens *tokens);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tokens, tokens_free)

/* The session for the token of this text: SESSION_AUTHENTICATION_FAILED when it is none, or one
 * that has ended. */
bool tokens_session(Tokens *tokens, const char *text, Uuid *ret_session, Err **err);
/* Whether there still is the user who makes or made a token: who has no `sid` in the directory has
 * an account of the daemon's own or of the system. */
bool tokens_know_user(Tokens *tokens, const char *user, const char *sid);
/* Ends the session of a token that is deleted. */
void tokens_forget(Tokens *tokens, Uuid token);

/* A new token: its text, "cw1_<uuid>_<secret>", and what is kept of the secret. (both owned) */
char *token_generate(Uuid uuid, char **ret_hash);
/* Takes a text apart; pure. `ret_hash` is that of the secret. (owned) */
bool token_parse(const char *text, Uuid *ret_uuid, char **ret_hash);

/* The role of this name that a token can have: ROLE_COUNT when there is none. */
Role token_role(const char *name);
