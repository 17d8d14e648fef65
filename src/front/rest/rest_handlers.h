/* What a request can ask for. Each takes the request over and answers it. */
#pragma once

#include "front/rest/rest_request.h"

/* rest_read.c */
void rest_list(RestRequest *request);
void rest_get(RestRequest *request);
/* The object that the path names, as it is now, with this status. */
void rest_reply_object(RestRequest *request, int status);

/* rest_write.c */
void rest_create(RestRequest *request);
void rest_delete(RestRequest *request);
void rest_act(RestRequest *request);

/* rest_patch.c */
void rest_patch(RestRequest *request);

/* rest_events.c */
void rest_follow(RestRequest *request);

/* Whether `If-Match` lets the request go on; 412 otherwise. */
bool rest_check_version(const RestRequest *request, Err **err);
