/* app.c - egg.app/1: units, events, contexts without a request. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

static egg_status info(const egg_host *h, egg_app_info *out) {
    kit *k = unit_of(h)->kit;
    const egg_testkit_options *o = &k->options;
    egg_app_info all = {
        .process = o->process, .name = str(o->name), .base_dir = str(o->base_dir),
        .env = str(o->env), .scope = str(""), .home = str(o->base_dir),
        .root = str(o->base_dir), .version = str("1.0.0")};
    egg_status status = fill(out, &all, sizeof all);
    if (status != EGG_OK) finding(k, unit_of(h), "info: fill in out->size before the call");
    return status;
}

static egg_status describe(unit *of, egg_unit_info *out) {
    const egg_value *version = map_get(&of->manifest, str("version"));
    egg_unit_info all = {.kind = of->kind, .name = str(of->id), .directory = str("")};
    all.version = version != NULL && version->kind == EGG_STRING
                      ? (egg_str){version->as.string, version->count}
                      : str("");
    return fill(out, &all, sizeof all);
}

/* The test, which is the application, comes last. */
static egg_status unit_at(const egg_host *h, uint32_t index, egg_unit_info *out) {
    kit *k = unit_of(h)->kit;
    if (index >= k->units_count) return EGG_E_NOT_FOUND;
    return describe(k->units[index + 1 == k->units_count ? 0 : index + 1], out);
}

static egg_status own(const egg_host *h, egg_unit_info *out) { return describe(unit_of(h), out); }

static egg_str text_of(const egg_value *value, const char *otherwise) {
    return value != NULL && value->kind == EGG_STRING ? (egg_str){value->as.string, value->count}
                                                      : str(otherwise);
}

static egg_status context_create(const egg_host *h, const egg_value *request, egg_call *out) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "context_create")) return EGG_E_THREAD;
    if (request != NULL && request->kind != EGG_MAP && request->kind != EGG_UNDEFINED) {
        finding(k, u, "context_create: the request is a MAP of method, url and headers");
        return EGG_E_ARGUMENT;
    }
    exchange *x = exchange_new(k, ANONYMOUS, u);
    x->head.method = arena_text(&x->memory, text_of(map_get(request, str("method")), "GET"));
    const egg_value *secure = map_get(request, str("secure"));
    if (secure != NULL && secure->kind == EGG_BOOL && secure->as.boolean)
        x->head.flags |= EGG_REQUEST_SECURE;
    x->head.target = arena_text(&x->memory, text_of(map_get(request, str("url")), "/"));
    x->head.path = x->head.target;
    const char *mark = memchr(x->head.target.ptr, '?', x->head.target.len);
    if (mark != NULL) {
        x->head.path.len = (size_t)(mark - x->head.target.ptr);
        x->head.query = (egg_str){mark + 1, x->head.target.len - x->head.path.len - 1};
    }
    const egg_value *headers = map_get(request, str("headers"));
    for (uint32_t i = 0; headers != NULL && headers->kind == EGG_MAP && i < headers->count; i++)
        fields_add(&x->memory, &x->fields, headers->as.pairs[i].key,
                   text_of(&headers->as.pairs[i].value, ""));
    x->head.header_count = (uint32_t)x->fields.count;
    call *c = call_take(k, x, u, FOR_ANONYMOUS, "a context of egg_app.context_create");
    *out = call_issue(c, u, false);
    return EGG_OK;
}

static egg_status on(const egg_host *h, egg_str event,
                     void (*heard)(void *self, egg_call call, const egg_value *value),
                     void *self) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "on")) return EGG_E_THREAD;
    if (!plausible(event) || event.len == 0 || heard == NULL) return EGG_E_ARGUMENT;
    *APPEND(k, listeners) = (listener){arena_cstring(&k->memory, event), heard, self, u};
    return EGG_OK;
}

/* The call is for looking at; the value is lent for the length of each function. */
void emit_event(kit *k, exchange *x, const char *event, const egg_value *value) {
    for (size_t i = 0; i < k->listeners_count; i++) {
        listener l = k->listeners[i];
        if (strcmp(l.event, event) != 0) continue;
        egg_call looking = {0};
        call *c = NULL;
        if (x != NULL && !x->over) {
            c = call_take(k, x, l.unit, FOR_LOOKING, "an event");
            looking = call_issue(c, l.unit, false);
        }
        arena lent;
        arena_begin(k, &lent, "the value of an event");
        egg_value *copy = arena_alloc(&lent, sizeof *copy, 8);
        if (value != NULL) arena_value(&lent, value, copy, NULL);
        l.heard(l.self, looking, copy);
        arena_end(&lent, l.unit);
        if (c != NULL) call_give_back(c);
    }
}

static egg_status app_emit(const egg_host *h, egg_call token, egg_str event,
                           const egg_value *value) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "emit")) return EGG_E_THREAD;
    if (!plausible(event) || event.len == 0) return EGG_E_ARGUMENT;
    call *c = token.token == 0 ? NULL : call_find(u, token);
    if (token.token != 0 && c == NULL) return call_missing(u, token, "emit");
    arena text;
    arena_begin(k, &text, "the name of an event");
    emit_event(k, c == NULL ? NULL : c->context, arena_cstring(&text, event), value);
    arena_end(&text, u);
    return EGG_OK;
}

/* The kit's configuration is one text; nobody set a part of it. */
static egg_status config_origin(const egg_host *h, egg_str path, egg_str *out) {
    unit *u = unit_of(h);
    if (!on_loop(u, "config_origin")) return EGG_E_THREAD;
    if (!plausible(path)) return EGG_E_ARGUMENT;
    (void)out;
    return EGG_E_NOT_FOUND;
}

const egg_app app_table = {
    .size = sizeof(egg_app), .info = info, .unit = unit_at, .self = own,
    .context_create = context_create, .on = on, .emit = app_emit,
    .config_origin = config_origin,
};

void egg_testkit_emit(kit *k, exchange *x, const char *event, const char *json) {
    egg_value value = json == NULL ? (egg_value){0} : egg_testkit_parse(k, json);
    emit_event(k, x, event, &value);
    egg_testkit_run(k);
}
