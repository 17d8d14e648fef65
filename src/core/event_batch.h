/* One answer of event.from: what changed for a subscription after a generation. */
#pragma once

#include "core/long_result.h"
#include "core/subscription.h"

typedef struct EventBatch EventBatch;

EventBatch *event_batch_new(DbSnapshot *snapshot, const Subscription *subscription,
                            uint64_t after_generation);
void event_batch_free(EventBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventBatch, event_batch_free)

unsigned event_batch_count(const EventBatch *batch);
/* The struct {events, valid_ref_counts, token}. Takes `batch` over. (owned) */
LongResult *event_batch_result(EventBatch *batch);

/* Tokens: two 20-digit numbers, the database's generation and the messages'; ours live in the
 * database too, so both are the same. "" is the beginning. */
bool event_token_parse(const char *token, uint64_t *ret_generation);
char *event_token_format(uint64_t generation);
