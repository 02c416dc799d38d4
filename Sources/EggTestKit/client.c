/* client.c - the other end: sending requests, taking answers, upgraded connections. */
#define _GNU_SOURCE
#include "kit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what the client receives -------------------------------------------------------- */

static void receive_bytes(exchange *x, const void *bytes, size_t count) {
    x->out = realloc(x->out, x->out_count + count + 1);
    if (x->out == NULL) abort();
    if (count > 0) memcpy(x->out + x->out_count, bytes, count);
    x->out_count += count;
    x->out[x->out_count] = '\0';
}

egg_status client_write(exchange *x, const void *bytes, size_t count, size_t high_water) {
    if (count > 0 && bytes == NULL) return EGG_E_ARGUMENT;
    receive_bytes(x, bytes, count);
    x->waiting += count;
    if (x->waiting <= high_water && !(count > 0 && chance(x->kit, 3))) return EGG_OK;
    x->wants_writable = true;
    return EGG_E_AGAIN;
}

static void tell_writable(kit *k, void *subject, void *extra) {
    exchange *x = subject;
    (void)k, (void)extra;
    if (x->streaming && x->source.writable != NULL)
        x->source.writable(x->source.self, x->token);
    else if (x->upgraded && !x->ended && x->ops.writable != NULL)
        x->ops.writable(x->ops_state, x->token);
}

static void lowered(exchange *x) {
    size_t low = x->upgraded ? 64 << 10 : 0;
    if (x->upgraded && x->closing && x->waiting == 0) client_end(x, EGG_CLOSED_BY_US, true);
    if (!x->wants_writable || x->waiting > low) return;
    x->wants_writable = false;
    push(x->kit, tell_writable, x, NULL);
}

void drain(exchange *x) {
    x->waiting = 0;
    lowered(x);
}

size_t egg_testkit_waiting(exchange *x) { return x->waiting; }

void egg_testkit_take(exchange *x, size_t bytes) {
    x->waiting -= bytes < x->waiting ? bytes : x->waiting;
    lowered(x);
    egg_testkit_run(x->kit);
}

static void tell_stream_closed(kit *k, void *subject, void *extra) {
    exchange *x = subject;
    (void)k;
    x->source.closed(x->source.self, extra != NULL);
    x->body_kind = EGG_BODY_UNSET;
    x->holds--;
    exchange_settle(x);
}

static void tell_closed(kit *k, void *subject, void *extra) {
    exchange *x = subject;
    (void)k;
    x->ops.closed(x->ops_state, (egg_close_reason)(intptr_t)extra);
}

void client_end(exchange *x, egg_close_reason reason, bool complete) {
    if (x->streaming) {
        x->streaming = false;
        x->token = 0;
        x->ended = true;
        push(x->kit, tell_stream_closed, x, complete ? x : NULL);
    } else if (x->upgraded && !x->ended) {
        x->ended = true;
        x->token = 0;
        push(x->kit, tell_closed, x, (void *)(intptr_t)reason);
    }
}

static void start_stream(kit *k, void *subject, void *extra) {
    exchange *x = subject;
    (void)k, (void)extra;
    if (x->streaming) x->source.start(x->source.self, x->token);
}

static void open_connection(kit *k, void *subject, void *extra) {
    exchange *x = subject;
    (void)k, (void)extra;
    if (x->ended) return;
    if (x->ops.opened != NULL) x->ops.opened(x->ops_state, x->token);
}

static void send_file(exchange *x) {
    char piece[4096];
    while (x->file_length > 0) {
        size_t want = x->file_length < (int64_t)sizeof piece ? (size_t)x->file_length : sizeof piece;
        ssize_t got = pread(x->file, piece, want, x->file_offset);
        if (got <= 0) break;
        receive_bytes(x, piece, (size_t)got);
        x->file_offset += got;
        x->file_length -= got;
    }
}

/* The chain has unwound: what the kernel would send. */
void send_answer(exchange *x) {
    kit *k = x->kit;
    if (x->failure != NULL) {
        const egg_error *e = x->failure;
        x->error_code = arena_cstring(&k->memory, e->code);
        x->error_message = arena_cstring(&k->memory, e->message);
        response_release(x);
        int32_t code = e->http_status;
        x->status = code >= 100 && code <= 999 ? code : 500;
        x->status_set = true;
        x->body_kind = EGG_BODY_TEXT;
        x->body_bytes = (e->flags & EGG_ERROR_EXPOSE) != 0 ? arena_text(&x->memory, e->message)
                                                           : str("Internal Server Error");
        egg_pair pairs[] = {
            {str("code"), {.kind = EGG_STRING, .count = (uint32_t)e->code.len,
                           .as.string = e->code.ptr}},
            {str("message"), {.kind = EGG_STRING, .count = (uint32_t)e->message.len,
                              .as.string = e->message.ptr}},
            {str("status"), {.kind = EGG_INT, .as.integer = x->status}},
            {str("detail"), {.kind = EGG_STRING, .count = (uint32_t)e->detail.len,
                             .as.string = e->detail.ptr}},
        };
        egg_value value = {.kind = EGG_MAP, .count = 4, .as.pairs = pairs};
        if (is_reported(x, e)) emit_event(k, x, "error", &value);
        ask_answerers(x, e);
    } else if (x->body_kind == EGG_BODY_UNSET && (!x->status_set || x->status == 404) &&
               !x->taken && !x->forgotten) {
        egg_error *nobody = make_error(&x->memory, 404, "", "Not Found");
        ask_answerers(x, nobody);
    }
    emit_event(k, x, "response", NULL);
    x->status = egg_testkit_status(x);
    x->status_set = true;
    x->answered = true;
    x->sent_kind = x->body_kind;
    if (x->taken) {
        x->upgraded = true;
        if (!x->gone) {
            if (!x->failure) {
                x->token = k->next_token++;
                push(k, open_connection, x, NULL);
                return;
            }
        }
        client_end(x, EGG_CLOSED_RESET, false);
        return;
    }
    x->ended = true;
    if (x->gone || x->forgotten) return;
    if (x->body_kind == EGG_BODY_STREAM) {
        x->ended = false;
        x->streaming = true;
        x->holds++;
        x->token = k->next_token++;
        push(k, start_stream, x, NULL);
        return;
    }
    if (x->body_kind == EGG_BODY_FILE)
        send_file(x);
    else
        receive_bytes(x, x->body_bytes.ptr, x->body_bytes.len);
}

/* ---- sending ----------------------------------------------------------------------------- */

static void parse_headers(exchange *x, const char *text) {
    while (text != NULL && *text != '\0') {
        const char *end = strchrnul(text, '\n');
        size_t count = (size_t)(end - text);
        if (count > 0 && text[count - 1] == '\r') count--;
        const char *colon = memchr(text, ':', count);
        if (colon != NULL) {
            const char *value = colon + 1;
            while (value < text + count && *value == ' ') value++;
            fields_add(&x->memory, &x->fields, (egg_str){text, (size_t)(colon - text)},
                       (egg_str){value, (size_t)(text + count - value)});
        }
        text = *end == '\n' ? end + 1 : NULL;
    }
}

static bool instance_of(kit *k, middleware *m) {
    if (m->made) return true;
    m->made = true;
    m->instance = m->table.self;
    if (m->table.make == NULL) return true;
    const egg_value *set = map_get(&k->config, str(m->name));
    arena lent;
    arena_begin(k, &lent, "the options of a middleware");
    egg_value *options = arena_alloc(&lent, sizeof *options, 8);
    egg_value none = {.kind = EGG_MAP};
    arena_value(&lent, set == NULL ? &none : set, options, NULL);
    if (torment(k) && options->kind == EGG_MAP) {
        /* A kind of a later minor among the options. */
        egg_pair *pairs = arena_alloc(&lent, (options->count + 1u) * sizeof *pairs, 8);
        if (options->count > 0)
            memcpy(pairs, options->as.pairs, options->count * sizeof *pairs);
        pairs[options->count] = (egg_pair){str("x-later"), {.kind = 200}};
        options->as.pairs = pairs;
        options->count++;
    }
    egg_str message = {"", 0};
    egg_status status = m->table.make(m->table.self, options, &m->instance, &message);
    arena_end(&lent, m->unit);
    if (status == EGG_OK) return true;
    m->made = false;
    finding(k, m->unit, "middleware \"%s\": make refused its options: %.*s", m->name,
            plausible(message) ? (int)message.len : 0, message.ptr);
    return false;
}

static void add_layer(exchange *x, egg_handler handler, unit *u, const char *what) {
    x->layers = grow(x->layers, x->layer_count, sizeof *x->layers);
    x->layers[x->layer_count++] = (layer){handler, u, what};
}

static void compose(exchange *x, const char *names) {
    kit *k = x->kit;
    for (size_t i = 0; names == NULL && i < k->middlewares_count; i++)
        if (instance_of(k, &k->middlewares[i]))
            add_layer(x, (egg_handler){k->middlewares[i].instance, k->middlewares[i].table.handle},
                      k->middlewares[i].unit, k->middlewares[i].name);
    while (names != NULL && *names != '\0') {
        const char *end = strchrnul(names, ',');
        egg_str name = {names, (size_t)(end - names)};
        middleware *m = NULL;
        for (size_t i = 0; i < k->middlewares_count && m == NULL; i++)
            if (same(name, str(k->middlewares[i].name))) m = &k->middlewares[i];
        if (m == NULL)
            finding(k, NULL, "no unit has registered the middleware \"%.*s\"", (int)name.len,
                    name.ptr);
        else if (instance_of(k, m))
            add_layer(x, (egg_handler){m->instance, m->table.handle}, m->unit, m->name);
        names = *end == ',' ? end + 1 : end;
    }
}

static egg_step to_routes(void *instance, egg_call token) {
    exchange *x = instance;
    (void)token;
    route_request(x);
    return EGG_STEP_PASS;
}

exchange *egg_testkit_send(kit *k, const egg_testkit_request *r) {
    exchange *x = exchange_new(k, A_REQUEST, NULL);
    x->hold = r->hold;
    if (r->method != NULL) x->head.method = arena_text(&x->memory, str(r->method));
    egg_str target = arena_text(&x->memory, str(r->url == NULL ? "/" : r->url));
    const char *mark = memchr(target.ptr, '?', target.len);
    x->head.target = x->head.path = target;
    if (mark != NULL) {
        x->head.path.len = (size_t)(mark - target.ptr);
        x->head.query = (egg_str){mark + 1, target.len - x->head.path.len - 1};
    }
    parse_headers(x, r->headers);
    field *host = fields_find(&x->fields, str("host"), 0);
    if (host != NULL) x->head.host = host->value;
    if (fields_find(&x->fields, str("upgrade"), 0) != NULL) x->head.flags |= EGG_REQUEST_UPGRADE;
    x->head.header_count = (uint32_t)x->fields.count;
    egg_str body = {r->body, r->body == NULL ? 0 : r->body_length};
    if (r->body != NULL && r->body_length == 0) body.len = strlen(r->body);
    body = arena_text(&x->memory, body);
    x->body = (const uint8_t *)body.ptr;
    x->body_length = body.len;
    x->head.body_length = r->chunked ? -1 : (int64_t)body.len;
    if (r->parsed != NULL) {
        x->has_parsed = true;
        const char *why = json_parse(&x->memory, str(r->parsed), &x->parsed);
        if (why != NULL) finding(k, NULL, "egg_testkit_request.parsed is not JSON: %s", why);
    }
    compose(x, r->middlewares);
    if (r->inner.handle != NULL)
        add_layer(x, r->inner, k->test, "the test's handler");
    else
        add_layer(x, (egg_handler){x, to_routes}, k->test, "the router");
    emit_event(k, x, "request", NULL);
    exchange_start(x);
    egg_testkit_run(k);
    return x;
}

exchange *egg_testkit_context(kit *k) {
    exchange *x = exchange_new(k, ANONYMOUS, k->test);
    return x;
}

void egg_testkit_context_end(exchange *x) {
    if (x->kind != ANONYMOUS) return;
    x->chain_over = x->ended = true;
    exchange_settle(x);
    egg_testkit_run(x->kit);
}

/* ---- looking at the answer --------------------------------------------------------------- */

bool egg_testkit_ended(exchange *x) { return x->ended; }

int32_t egg_testkit_status(exchange *x) {
    if (x->status_set) return x->status;
    if (x->taken) return 101;
    return x->body_kind == EGG_BODY_UNSET ? 404 : x->body_kind == EGG_BODY_NULL ? 204 : 200;
}

const char *egg_testkit_header(exchange *x, const char *name) {
    field *f = fields_find(&x->headers, str(name), 0);
    return f == NULL ? NULL : f->value.ptr;
}

const char *egg_testkit_body(exchange *x, size_t *length) {
    if (length != NULL) *length = x->out_count;
    return x->out == NULL ? "" : x->out;
}

egg_body_kind egg_testkit_body_kind(exchange *x) {
    return x->answered ? x->sent_kind : x->body_kind;
}

egg_value egg_testkit_state(exchange *x, const char *name) {
    for (size_t i = 0; i < x->state_count; i++)
        if (same(x->state[i].key, str(name))) return x->state[i].value;
    return (egg_value){0};
}

const char *egg_testkit_error_code(exchange *x) { return x->error_code; }
const char *egg_testkit_error_message(exchange *x) { return x->error_message; }
bool egg_testkit_upgraded(exchange *x) { return x->upgraded; }
bool egg_testkit_paused(exchange *x) { return x->paused; }

void egg_testkit_hang_up(exchange *x, egg_close_reason reason) {
    x->gone = true;
    if (x->streaming || x->upgraded)
        client_end(x, reason, false);
    else
        exchange_cancel(x);
    egg_testkit_run(x->kit);
}

void egg_testkit_receive(exchange *x, const void *bytes, size_t length) {
    kit *k = x->kit;
    egg_testkit_run(k);
    const char *at = bytes;
    while (length > 0 && x->upgraded && !x->ended && !x->closing) {
        size_t piece = torment(k) ? 1 + random_below(k, 3) : length;
        if (piece > length) piece = length;
        arena lent;
        arena_begin(k, &lent, "bytes received on an upgraded connection");
        egg_str view = arena_text(&lent, (egg_str){at, piece});
        x->ops.received(x->ops_state, x->token, view);
        arena_end(&lent, x->stream_unit);
        at += piece;
        length -= piece;
        egg_testkit_run(k);
    }
}
