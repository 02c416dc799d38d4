/* taken.c - files and streams that a layer takes from the response of another. */
#define _GNU_SOURCE
#include "kit.h"

#include <stdlib.h>

/* The body and the call it belongs to. */
static exchange *response_of(const egg_host *h, egg_call token, const char *operation,
                             egg_status *status) {
    call *c = call_find(unit_of(h), token);
    *status = c != NULL ? EGG_OK : call_missing(unit_of(h), token, operation);
    return c != NULL ? c->context : NULL;
}

egg_status taken_length(const egg_host *h, egg_call token, int64_t *out) {
    egg_status status;
    exchange *x = response_of(h, token, "response_length", &status);
    if (x == NULL) return status;
    *out = x->body_kind == EGG_BODY_FILE     ? x->file_length
           : x->body_kind == EGG_BODY_STREAM ? x->source.length
                                             : (int64_t)x->body_bytes.len;
    return EGG_OK;
}

egg_status taken_file(const egg_host *h, egg_call token, int *fd, int64_t *offset,
                      int64_t *length) {
    egg_status status;
    exchange *x = response_of(h, token, "take_response_file", &status);
    if (x == NULL) return status;
    if (x->body_kind != EGG_BODY_FILE || x->file < 0) return EGG_E_NOT_FOUND;
    *fd = x->file;
    *offset = x->file_offset;
    *length = x->file_length;
    x->file = -1;
    x->body_kind = EGG_BODY_UNSET;
    return EGG_OK;
}

egg_status taken_stream_begin(const egg_host *h, egg_call token, const egg_stream_sink *sink,
                              uint64_t *taken) {
    egg_status status;
    unit *u = unit_of(h);
    exchange *x = response_of(h, token, "take_response_stream", &status);
    egg_stream_sink table;
    if (x == NULL) return status;
    if (!adopt(u, sink, &table, sizeof table, "egg_stream_sink")) return EGG_E_UNSUPPORTED;
    if (table.write == NULL || table.ended == NULL) {
        finding(x->kit, u, "egg_stream_sink: needs write and ended");
        return EGG_E_ARGUMENT;
    }
    if (x->body_kind != EGG_BODY_STREAM || x->streaming) return EGG_E_NOT_FOUND;
    taken_stream *t = calloc(1, sizeof *t);
    if (t == NULL) abort();
    *t = (taken_stream){.next = x->kit->taken_streams, .producer = x->stream_unit, .taker = u,
                        .token = x->kit->next_token++, .source = x->source, .sink = table};
    x->kit->taken_streams = t;
    x->body_kind = EGG_BODY_UNSET;
    *taken = t->token;
    return EGG_OK;
}

/* ---- the producer ---------------------------------------------------------------------- */

taken_stream *taken_find(kit *k, uint64_t token) {
    for (taken_stream *t = k->taken_streams; t != NULL; t = t->next)
        if (t->token == token && !t->dropped) return t;
    return NULL;
}

egg_status taken_write(kit *k, taken_stream *t, egg_str bytes) {
    if (t->ended) return EGG_E_STALE;
    if (bytes.len == 0) return EGG_OK;
    if (t->source.length >= 0) {
        if ((int64_t)bytes.len > t->source.length) {
            finding(k, t->producer, "stream_write: more bytes than the length announced");
            return EGG_E_LIMIT;
        }
        t->source.length -= (int64_t)bytes.len;
    }
    egg_status status = t->sink.write(t->sink.self, bytes);
    if (status == EGG_E_AGAIN) t->paused = true;
    if (status == EGG_OK && t->paused) status = EGG_E_AGAIN;
    if (status == EGG_OK || status == EGG_E_AGAIN) return status;
    t->ended = true;
    return EGG_E_STALE;
}

egg_status taken_end(taken_stream *t, bool complete) {
    if (t->ended) return EGG_E_STALE;
    bool less = complete && t->source.length > 0;
    t->ended = true;
    t->sink.ended(t->sink.self, complete && !less);
    return less ? EGG_E_LIMIT : EGG_OK;
}

/* ---- the taker ------------------------------------------------------------------------- */

static void tell_start(kit *k, void *subject, void *extra) {
    taken_stream *t = subject;
    (void)k, (void)extra;
    if (!t->ended) t->source.start(t->source.self, t->token);
}

static void tell_writable(kit *k, void *subject, void *extra) {
    taken_stream *t = subject;
    (void)k, (void)extra;
    if (!t->ended && !t->paused) t->source.writable(t->source.self, t->token);
}

static void tell_closed(kit *k, void *subject, void *extra) {
    taken_stream *t = subject;
    (void)extra;
    t->source.closed(t->source.self, t->complete);
    for (taken_stream **at = &k->taken_streams; *at != NULL; at = &(*at)->next)
        if (*at == t) {
            *at = t->next;
            break;
        }
    free(t);
}

static taken_stream *of_taker(const egg_host *h, uint64_t token, const char *operation,
                              egg_status *status) {
    unit *u = unit_of(h);
    *status = EGG_E_THREAD;
    if (!on_loop(u, operation)) return NULL;
    *status = EGG_E_STALE;
    return taken_find(u->kit, token);
}

egg_status taken_resume(const egg_host *h, uint64_t taken) {
    egg_status status;
    taken_stream *t = of_taker(h, taken, "stream_resume", &status);
    if (t == NULL) return status;
    bool first = !t->begun;
    t->begun = true;
    if (t->ended) return EGG_OK;
    if (first)
        push_ordered(unit_of(h)->kit, tell_start, t, NULL);
    else if (t->paused && t->source.writable != NULL)
        push_ordered(unit_of(h)->kit, tell_writable, t, NULL);
    t->paused = false;
    return EGG_OK;
}

egg_status taken_drop(const egg_host *h, uint64_t taken, bool complete) {
    egg_status status;
    taken_stream *t = of_taker(h, taken, "stream_drop", &status);
    if (t == NULL) return status;
    t->ended = t->dropped = true;
    t->complete = complete;
    push_ordered(unit_of(h)->kit, tell_closed, t, NULL);
    return EGG_OK;
}
