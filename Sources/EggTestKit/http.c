/* http.c - egg.http/1: the request and the response of a fake exchange. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fields_add(arena *a, field_list *list, egg_str name, egg_str value) {
    list->items = grow(list->items, list->count, sizeof *list->items);
    list->items[list->count++] = (field){arena_text(a, name), arena_text(a, value)};
}

field *fields_find(field_list *list, egg_str name, size_t nth) {
    for (size_t i = 0; i < list->count; i++)
        if (same_nocase(list->items[i].name, name) && nth-- == 0) return &list->items[i];
    return NULL;
}

/* The exchange of a live call of a request. */
static exchange *of(const egg_host *h, egg_call token, const char *operation, egg_status *status) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    *status = c != NULL ? EGG_OK : call_missing(u, token, operation);
    return c != NULL ? c->context : NULL;
}

#define EXCHANGE(operation)                                                             \
    egg_status status;                                                                  \
    exchange *x = of(h, token, operation, &status);                                     \
    if (x == NULL) return status

static egg_status request(const egg_host *h, egg_call token, egg_request *out) {
    EXCHANGE("request");
    status = fill(out, &x->head, sizeof x->head);
    if (status != EGG_OK)
        finding(x->kit, unit_of(h), "request: fill in out->size before the call");
    return status;
}

static egg_status nth_of(field_list *list, egg_str name, uint32_t nth, egg_str *out) {
    if (!plausible(name)) return EGG_E_ARGUMENT;
    field *f = fields_find(list, name, nth);
    if (f == NULL) return EGG_E_NOT_FOUND;
    *out = f->value;
    return EGG_OK;
}

static egg_status at_of(field_list *list, uint32_t index, egg_str *name, egg_str *value) {
    if (index >= list->count) return EGG_E_NOT_FOUND;
    *name = list->items[index].name;
    *value = list->items[index].value;
    return EGG_OK;
}

static egg_status header(const egg_host *h, egg_call token, egg_str name, uint32_t nth,
                         egg_str *out) {
    EXCHANGE("header");
    return nth_of(&x->fields, name, nth, out);
}

static egg_status header_at(const egg_host *h, egg_call token, uint32_t index, egg_str *name,
                            egg_str *value) {
    EXCHANGE("header_at");
    return at_of(&x->fields, index, name, value);
}

static egg_status param(const egg_host *h, egg_call token, egg_str name, egg_str *out) {
    EXCHANGE("param");
    return nth_of(&x->params, name, 0, out);
}

static egg_status param_at(const egg_host *h, egg_call token, uint32_t index, egg_str *name,
                           egg_str *value) {
    EXCHANGE("param_at");
    return at_of(&x->params, index, name, value);
}

static egg_status route_of(const egg_host *h, egg_call token, egg_str *name, egg_str *pattern) {
    EXCHANGE("route");
    *name = x->route_name;
    *pattern = x->route_pattern;
    return EGG_OK;
}

static egg_status capture_at(const egg_host *h, egg_call token, uint32_t index, egg_str *out) {
    EXCHANGE("capture_at");
    egg_str name;
    return at_of(&x->params, index, &name, out);
}

static egg_status matched_at(const egg_host *h, egg_call token, uint32_t index, egg_str *name,
                             egg_str *pattern) {
    EXCHANGE("matched_at");
    return at_of(&x->matched, index, name, pattern);
}

static egg_status set_route_path(const egg_host *h, egg_call token, egg_str path) {
    EXCHANGE("set_route_path");
    if (!plausible(path) || path.len == 0 || path.ptr[0] != '/') return EGG_E_ARGUMENT;
    if (x->routed) return EGG_E_PHASE;
    x->route_path = arena_text(&x->memory, path);
    return EGG_OK;
}

static egg_status body(const egg_host *h, egg_call token, egg_value *out) {
    EXCHANGE("body");
    *out = x->parsed.kind == EGG_UNDEFINED ? (egg_value){.kind = EGG_MAP} : x->parsed;
    return EGG_OK;
}

static egg_status set_body(const egg_host *h, egg_call token, const egg_value *value) {
    EXCHANGE("set_body");
    return arena_value(&x->memory, value, &x->parsed, &x->objects);
}

static egg_status raw_body(const egg_host *h, egg_call token, egg_str *out) {
    EXCHANGE("raw_body");
    if (!x->has_parsed) return EGG_E_NOT_FOUND;
    *out = (egg_str){(const char *)x->body, x->body_length};
    return EGG_OK;
}

/* What a read is waiting for. */
typedef struct reading {
    exchange *x;
    unit *unit;
    egg_done done;
    void *state;
    size_t limit;
    bool whole;
} reading;

static void finish_read(kit *k, void *subject, void *extra) {
    reading *r = subject;
    exchange *x = r->x;
    (void)extra;
    egg_value value = {0};
    int32_t kind = EGG_OUTCOME_OK;
    const egg_error *error = NULL;
    x->reading = false;
    if (x->gone) {
        kind = EGG_OUTCOME_CANCELLED;
    } else if (r->whole) {
        value = (egg_value){.kind = EGG_BYTES, .count = (uint32_t)x->body_length,
                            .as.bytes = x->body};
        x->body_read = x->body_length;
        if (x->body_length > r->limit) {
            kind = EGG_OUTCOME_FAILED;
            error = make_error(&x->memory, 413, "EGG_BODY_TOO_LARGE", "the body is too large");
        }
    } else if (x->body_read < x->body_length) {
        size_t count = x->body_length - x->body_read;
        if (k->options.piece > 0 && count > k->options.piece) count = k->options.piece;
        value = (egg_value){.kind = EGG_BYTES, .count = (uint32_t)count,
                            .as.bytes = x->body + x->body_read};
        x->body_read += count;
    }
    /* The whole body stays until the request ends, a piece only during `done`. */
    if (r->whole && kind == EGG_OUTCOME_OK) {
        egg_outcome outcome = {.size = sizeof outcome, .kind = kind, .value = value};
        r->done(r->state, &outcome);
    } else {
        give_outcome(k, r->done, r->state, kind, &value, error, r->unit);
    }
    x->holds--;
    free(r);
    exchange_settle(x);
}

static egg_status start_read(const egg_host *h, exchange *x, bool whole, size_t limit,
                             egg_done done, void *state) {
    unit *u = unit_of(h);
    const char *what = whole ? "read_all" : "read_some";
    if (done == NULL) return EGG_E_ARGUMENT;
    if (x->reading || x->read_whole || (whole && x->read_parts)) {
        finding(x->kit, u,
                "%s: the body is read once, either at once or in pieces, one read at a time", what);
        return EGG_E_PHASE;
    }
    x->reading = true;
    *(whole ? &x->read_whole : &x->read_parts) = true;
    reading *r = must_alloc(sizeof *r);
    *r = (reading){x, u, done, state, limit, whole};
    x->holds++;
    push(x->kit, finish_read, r, NULL);
    return EGG_OK;
}

static egg_status read_all(const egg_host *h, egg_call token, size_t limit, egg_done done,
                           void *state) {
    EXCHANGE("read_all");
    return start_read(h, x, true, limit, done, state);
}

static egg_status read_some(const egg_host *h, egg_call token, egg_done done, void *state) {
    EXCHANGE("read_some");
    return start_read(h, x, false, 0, done, state);
}

/* ---- response --------------------------------------------------------------------- */

static egg_status get_status(const egg_host *h, egg_call token, int32_t *out) {
    EXCHANGE("status");
    *out = egg_testkit_status(x);
    return EGG_OK;
}

static egg_status set_status(const egg_host *h, egg_call token, int32_t code) {
    EXCHANGE("set_status");
    if (code < 100 || code > 999) {
        finding(x->kit, unit_of(h), "set_status: %d is no status; 100 to 999 are", code);
        return EGG_E_ARGUMENT;
    }
    x->status = code;
    x->status_set = true;
    if (code < 200 || code == 204 || code == 304) response_release(x);
    return EGG_OK;
}

static egg_status response_header(const egg_host *h, egg_call token, egg_str name, uint32_t nth,
                                  egg_str *out) {
    EXCHANGE("response_header");
    return nth_of(&x->headers, name, nth, out);
}

static bool is_token(egg_str text) {
    if (text.len == 0) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) return false;
    }
    return true;
}

static bool check_field(exchange *x, unit *u, const char *operation, egg_str name, egg_str value) {
    bool good = plausible(name) && plausible(value) && is_token(name);
    for (size_t i = 0; good && i < value.len; i++)
        good = value.ptr[i] != '\r' && value.ptr[i] != '\n' && value.ptr[i] != '\0';
    if (!good)
        finding(x->kit, u,
                "%s: a name is a token, and a value has no CR, LF or NUL; check text that came "
                "from a client",
                operation);
    return good;
}

static void remove_all(exchange *x, egg_str name, bool *any) {
    for (size_t i = 0; i < x->headers.count;) {
        if (!same_nocase(x->headers.items[i].name, name)) {
            i++;
            continue;
        }
        *any = true;
        x->headers.count--;
        memmove(&x->headers.items[i], &x->headers.items[i + 1],
                (x->headers.count - i) * sizeof(field));
    }
}

static egg_status set_header(const egg_host *h, egg_call token, egg_str name, egg_str value) {
    EXCHANGE("set_header");
    bool any;
    if (!check_field(x, unit_of(h), "set_header", name, value)) return EGG_E_ARGUMENT;
    egg_str copy = arena_text(&x->memory, value); /* it may be the one that is replaced */
    remove_all(x, name, &any);
    fields_add(&x->memory, &x->headers, name, copy);
    return EGG_OK;
}

static egg_status add_header(const egg_host *h, egg_call token, egg_str name, egg_str value) {
    EXCHANGE("add_header");
    if (!check_field(x, unit_of(h), "add_header", name, value)) return EGG_E_ARGUMENT;
    fields_add(&x->memory, &x->headers, name, value);
    return EGG_OK;
}

static egg_status remove_header(const egg_host *h, egg_call token, egg_str name) {
    EXCHANGE("remove_header");
    bool any = false;
    if (!plausible(name)) return EGG_E_ARGUMENT;
    remove_all(x, name, &any);
    return any ? EGG_OK : EGG_E_NOT_FOUND;
}

static egg_status response_header_at(const egg_host *h, egg_call token, uint32_t index,
                                     egg_str *name, egg_str *value) {
    EXCHANGE("response_header_at");
    return at_of(&x->headers, index, name, value);
}

static bool header_sent(const egg_host *h, egg_call token) {
    egg_status status;
    exchange *x = of(h, token, "header_sent", &status);
    return x == NULL || x->answered;
}

/* Lets go of the body that was set. */
void response_release(exchange *x) {
    if (x->has_payload && x->payload.release != NULL) x->payload.release(x->payload.state);
    x->has_payload = false;
    if (x->body_kind == EGG_BODY_FILE && x->file >= 0) close(x->file);
    x->file = -1;
    if (x->body_kind == EGG_BODY_STREAM && !x->streaming) x->source.closed(x->source.self, false);
    x->body_kind = EGG_BODY_UNSET;
    x->body_bytes = (egg_str){"", 0};
}

static bool simple(exchange *x, unit *u, egg_body_kind kind) {
    if (kind >= EGG_BODY_UNSET && kind <= EGG_BODY_JSON) return true;
    finding(x->kit, u, "set_response: takes NULL, TEXT, BYTES and JSON, not kind %d", kind);
    return false;
}

static egg_status set_response(const egg_host *h, egg_call token, egg_body_kind kind,
                               egg_str bytes) {
    EXCHANGE("set_response");
    if (!plausible(bytes) || !simple(x, unit_of(h), kind)) return EGG_E_ARGUMENT;
    egg_str copy = arena_text(&x->memory, bytes);
    response_release(x);
    x->body_kind = kind;
    x->body_bytes = copy;
    return EGG_OK;
}

static egg_status set_response_payload(const egg_host *h, egg_call token, egg_body_kind kind,
                                       egg_payload payload) {
    egg_status status;
    exchange *x = of(h, token, "set_response_payload", &status);
    if (x == NULL || !simple(x, unit_of(h), kind) || (payload.count > 0 && payload.bytes == NULL)) {
        /* Taken over is taken over: refused bytes are released as well. */
        if (payload.release != NULL) payload.release(payload.state);
        return x == NULL ? status : EGG_E_ARGUMENT;
    }
    response_release(x);
    x->body_kind = kind;
    egg_str view = {(const char *)payload.bytes, payload.count};
    if (chance(x->kit, 2)) {
        /* A kernel may decide to copy. */
        x->body_bytes = arena_text(&x->memory, view);
        if (payload.release != NULL) payload.release(payload.state);
        return EGG_OK;
    }
    x->body_bytes = view;
    x->payload = payload;
    x->has_payload = true;
    return EGG_OK;
}

static egg_status set_response_file(const egg_host *h, egg_call token, int fd, int64_t offset,
                                    int64_t length) {
    egg_status status;
    exchange *x = of(h, token, "set_response_file", &status);
    struct stat facts;
    if (x == NULL || fd < 0 || offset < 0 || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) ||
        offset > facts.st_size) {
        if (fd >= 0) close(fd);
        return x == NULL ? status : EGG_E_ARGUMENT;
    }
    response_release(x);
    x->body_kind = EGG_BODY_FILE;
    x->file = fd;
    x->file_offset = offset;
    int64_t rest = facts.st_size - offset;
    x->file_length = length < 0 || length > rest ? rest : length;
    return EGG_OK;
}

static egg_status set_response_stream(const egg_host *h, egg_call token,
                                      const egg_stream_source *source) {
    EXCHANGE("set_response_stream");
    egg_stream_source table;
    if (!adopt(unit_of(h), source, &table, sizeof table, "egg_stream_source"))
        return EGG_E_UNSUPPORTED;
    if (table.start == NULL || table.closed == NULL) {
        finding(x->kit, unit_of(h), "egg_stream_source: needs start and closed");
        return EGG_E_ARGUMENT;
    }
    response_release(x);
    x->body_kind = EGG_BODY_STREAM;
    x->source = table;
    x->stream_unit = unit_of(h);
    return EGG_OK;
}

static egg_status response(const egg_host *h, egg_call token, egg_body_kind *kind,
                           egg_str *bytes) {
    EXCHANGE("response");
    *kind = x->body_kind;
    *bytes = x->body_bytes;
    return EGG_OK;
}

static egg_status forget(const egg_host *h, egg_call token) {
    EXCHANGE("forget");
    x->forgotten = true;
    return EGG_OK;
}

/* ---- streams ------------------------------------------------------------------------ */

static exchange *stream_of(const egg_host *h, uint64_t token, const char *operation,
                           egg_status *status) {
    unit *u = unit_of(h);
    *status = EGG_E_THREAD;
    if (!on_loop(u, operation)) return NULL;
    *status = EGG_E_STALE; /* no finding: a client may go at any time */
    for (exchange *x = u->kit->exchanges; x != NULL; x = x->next)
        if (x->streaming && x->token == token && token != 0) return x;
    return NULL;
}

/* Taken by another layer; only looked for on the loop, the rest says what is wrong otherwise. */
static taken_stream *taken_of(const egg_host *h, uint64_t stream) {
    unit *u = unit_of(h);
    return u->kit->taken_streams != NULL && on_loop(u, "stream") ? taken_find(u->kit, stream) : NULL;
}

static egg_status write_stream(exchange *x, const void *bytes, size_t count) {
    if (x->source.length >= 0) {
        if ((int64_t)count > x->source.length) {
            finding(x->kit, x->stream_unit, "stream_write: more bytes than the length announced");
            return EGG_E_LIMIT;
        }
        x->source.length -= (int64_t)count;
    }
    return client_write(x, bytes, count, 64 << 10);
}

static egg_status stream_write(const egg_host *h, uint64_t stream, egg_str bytes) {
    egg_status status;
    taken_stream *t = taken_of(h, stream);
    if (t != NULL) return plausible(bytes) ? taken_write(unit_of(h)->kit, t, bytes) : EGG_E_ARGUMENT;
    exchange *x = stream_of(h, stream, "stream_write", &status);
    if (x == NULL) return status;
    return plausible(bytes) ? write_stream(x, bytes.ptr, bytes.len) : EGG_E_ARGUMENT;
}

static egg_status stream_write_payload(const egg_host *h, uint64_t stream, egg_payload payload) {
    egg_status status;
    taken_stream *t = taken_of(h, stream);
    exchange *x = t != NULL ? NULL : stream_of(h, stream, "stream_write_payload", &status);
    if (t != NULL)
        status = taken_write(unit_of(h)->kit, t,
                             (egg_str){(const char *)payload.bytes, payload.count});
    if (x != NULL) status = write_stream(x, payload.bytes, payload.count);
    if (payload.release != NULL) payload.release(payload.state);
    return status;
}

static egg_status stream_end(const egg_host *h, uint64_t stream) {
    egg_status status;
    taken_stream *t = taken_of(h, stream);
    if (t != NULL) return taken_end(t, true);
    exchange *x = stream_of(h, stream, "stream_end", &status);
    if (x == NULL) return status;
    if (x->source.length > 0) {
        finding(x->kit, x->stream_unit, "stream_end: %lld bytes fewer than the length announced",
                (long long)x->source.length);
        client_end(x, EGG_CLOSED_BY_US, false);
        return EGG_E_LIMIT;
    }
    client_end(x, EGG_CLOSED_BY_US, true);
    return EGG_OK;
}

static egg_status stream_abort(const egg_host *h, uint64_t stream) {
    egg_status status;
    taken_stream *t = taken_of(h, stream);
    if (t != NULL) return taken_end(t, false);
    exchange *x = stream_of(h, stream, "stream_abort", &status);
    if (x == NULL) return status;
    client_end(x, EGG_CLOSED_BY_US, false);
    return EGG_OK;
}

/* The kit's clients never end their side alone. */
static egg_status cancel_on_end(const egg_host *h, egg_call token) {
    EXCHANGE("cancel_on_end");
    return x != NULL ? EGG_OK : EGG_E_STALE;
}

/* The kit's clients have no certificates. */
static egg_status peer_certificate(const egg_host *h, egg_call token, egg_value *out) {
    EXCHANGE("peer_certificate");
    (void)out;
    return x != NULL ? EGG_E_NOT_FOUND : EGG_E_STALE;
}

const egg_http http_table = {
    .size = sizeof(egg_http),
    .request = request, .header = header, .header_at = header_at, .param = param,
    .param_at = param_at, .route = route_of, .body = body, .set_body = set_body,
    .raw_body = raw_body, .read_all = read_all, .read_some = read_some,
    .status = get_status, .set_status = set_status, .response_header = response_header,
    .set_header = set_header, .add_header = add_header, .remove_header = remove_header,
    .response_header_at = response_header_at, .header_sent = header_sent,
    .set_response = set_response, .set_response_payload = set_response_payload,
    .set_response_file = set_response_file, .set_response_stream = set_response_stream,
    .response = response, .forget = forget, .stream_write = stream_write,
    .stream_write_payload = stream_write_payload, .stream_end = stream_end,
    .stream_abort = stream_abort, .cancel_on_end = cancel_on_end,
    .capture_at = capture_at, .matched_at = matched_at, .set_route_path = set_route_path,
    .response_length = taken_length, .take_response_file = taken_file,
    .take_response_stream = taken_stream_begin, .stream_resume = taken_resume,
    .stream_drop = taken_drop, .path_filter = place_filter, .admits = place_admits,
    .peer_certificate = peer_certificate,
};
