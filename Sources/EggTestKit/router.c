/* router.c - egg.router/1 on a simple table: literal and ":name" segments, POSIX regex. */
#define _GNU_SOURCE
#include "kit.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static egg_status refuse(unit *u, egg_status status, egg_str *message, const char *text) {
    u->message = str(text);
    if (message != NULL) *message = u->message;
    finding(u->kit, u, "add_route: %s", text);
    return status;
}

static bool may_route(unit *u, egg_str path, egg_str *message, egg_status *status) {
    kit *k = u->kit;
    *status = EGG_E_THREAD;
    if (!on_loop(u, "add_route")) return false;
    if (k->booted) {
        *status = refuse(u, EGG_E_PHASE, message, "routes are added in EGG_PHASE_LOAD");
        return false;
    }
    if (!u->has_manifest) return true;
    const egg_value *prefix = map_at(&u->manifest, str("routes.prefix"));
    if (prefix == NULL || prefix->kind != EGG_STRING) {
        *status = refuse(u, EGG_E_UNDECLARED, message,
                         "the manifest declares no prefix; add \"routes\": {\"prefix\": \"/...\"}");
        return false;
    }
    size_t count = prefix->count;
    bool under = path.len >= count && memcmp(path.ptr, prefix->as.string, count) == 0 &&
                 (path.len == count || path.ptr[count] == '/' || path.ptr[count - 1] == '/');
    if (under || path.len == 0) return true;
    *status = refuse(u, EGG_E_ARGUMENT, message, "the path is not below the declared prefix");
    return false;
}

static egg_str prefixed(unit *u, egg_str path) {
    kit *k = u->kit;
    char *text = arena_alloc(&k->memory, u->prefix.len + path.len + 1, 1);
    if (text == NULL) abort();
    if (u->prefix.len > 0) memcpy(text, u->prefix.ptr, u->prefix.len);
    if (path.len > 0) memcpy(text + u->prefix.len, path.ptr, path.len);
    return (egg_str){text, u->prefix.len + path.len};
}

static egg_status add(unit *u, egg_str name, egg_str methods, egg_str path, uint32_t flags,
                      const egg_handler *before, uint32_t before_count, const egg_handler *own,
                      uint32_t own_count, egg_str *message) {
    kit *k = u->kit;
    egg_status status;
    if (!plausible(name) || !plausible(methods) || !plausible(path))
        return refuse(u, EGG_E_ARGUMENT, message, "a text without a pointer");
    egg_str whole = prefixed(u, path);
    if (!may_route(u, whole, message, &status)) return status;
    uint32_t count = before_count + own_count;
    egg_handler *handlers = must_alloc((count + 1) * sizeof *handlers);
    if (before_count > 0) memcpy(handlers, before, before_count * sizeof *handlers);
    if (own_count > 0) memcpy(handlers + before_count, own, own_count * sizeof *handlers);
    for (uint32_t i = 0; i < count; i++) {
        if (handlers[i].handle != NULL) continue;
        free(handlers);
        return refuse(u, EGG_E_ARGUMENT, message, "a handler without its function");
    }
    *APPEND(k, routes) = (route){.name = arena_text(&k->memory, name),
                                 .methods = arena_text(&k->memory, methods), .path = whole,
                                 .handlers = handlers, .count = count, .flags = flags, .unit = u};
    return EGG_OK;
}

static egg_status add_route(const egg_host *h, const egg_route *item, egg_str *message) {
    unit *u = unit_of(h);
    egg_route r;
    if (!adopt(u, item, &r, sizeof r, "egg_route")) return EGG_E_UNSUPPORTED;
    if (r.handler_count == 0 || r.handlers == NULL || r.handler_count > 256)
        return refuse(u, EGG_E_ARGUMENT, message, "a route needs handlers, at most 256");
    if (r.methods.len == 0 && (r.flags & EGG_ROUTE_LAYER) == 0)
        return refuse(u, EGG_E_ARGUMENT, message, "methods such as \"GET\", \"PUT,PATCH\" or \"*\"");
    return add(u, r.name, r.methods, r.path, r.flags, NULL, 0, r.handlers, r.handler_count,
               message);
}

static egg_status add_resources(const egg_host *h, const egg_route *item,
                                const egg_resource_action *const *actions, uint32_t count,
                                egg_str *message) {
    static const struct {
        const char *action, *methods, *suffix;
    } all[] = {{"index", "GET", ""},       {"new", "GET", "/new"}, {"create", "POST", ""},
               {"show", "GET", "/:id"},    {"edit", "GET", "/:id/edit"},
               {"update", "PATCH,PUT", "/:id"}, {"destroy", "DELETE", "/:id"}};
    unit *u = unit_of(h);
    egg_route r;
    if (!adopt(u, item, &r, sizeof r, "egg_route")) return EGG_E_UNSUPPORTED;
    for (size_t a = 0; a < sizeof all / sizeof *all; a++) {
        for (uint32_t i = 0; i < count; i++) {
            if (!same(actions[i]->action, str(all[a].action))) continue;
            char *path = NULL;
            if (asprintf(&path, "%.*s%s", (int)r.path.len, r.path.ptr, all[a].suffix) < 0) abort();
            egg_status status = add(u, r.name, str(all[a].methods), str(path), r.flags, r.handlers,
                                    r.handler_count, &actions[i]->handler, 1, message);
            free(path);
            if (status != EGG_OK) return status;
        }
    }
    return EGG_OK;
}

static egg_status add_redirect(const egg_host *h, egg_str from, egg_str to, int32_t code,
                               egg_str *message) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    egg_status status = add(u, (egg_str){"", 0}, str("*"), from, 0, NULL, 0, NULL, 0, message);
    if (status != EGG_OK) return status;
    k->routes[k->routes_count - 1].redirect = arena_text(&k->memory, to);
    k->routes[k->routes_count - 1].redirect_status = code == 0 ? 301 : code;
    return EGG_OK;
}

static egg_status add_param(const egg_host *h, egg_str name, egg_handler handler) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "add_param")) return EGG_E_THREAD;
    if (!plausible(name) || handler.handle == NULL) return EGG_E_ARGUMENT;
    *APPEND(k, param_handlers) = (named_handler){arena_text(&k->memory, name), handler, u};
    return EGG_OK;
}

static egg_status set_prefix(const egg_host *h, egg_str prefix) {
    unit *u = unit_of(h);
    if (!on_loop(u, "set_prefix")) return EGG_E_THREAD;
    if (!plausible(prefix)) return EGG_E_ARGUMENT;
    u->prefix = arena_text(&u->kit->memory, prefix);
    for (size_t i = 0; i < u->kit->routes_count; i++)
        if (u->kit->routes[i].unit == u)
            u->kit->routes[i].path = prefixed(u, u->kit->routes[i].path);
    return EGG_OK;
}

static egg_status url(const egg_host *h, egg_call token, egg_str name, const egg_value *params,
                      egg_str *out) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "url")) return EGG_E_THREAD;
    call *c = token.token == 0 ? NULL : call_find(u, token);
    if (token.token != 0 && c == NULL) return call_missing(u, token, "url");
    *out = (egg_str){"", 0};
    for (size_t i = 0; i < k->routes_count; i++) {
        route *r = &k->routes[i];
        if (r->name.len == 0 || !same(r->name, name)) continue;
        char *text = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&text, &size);
        if (to == NULL) abort();
        for (const char *at = r->path.ptr; at < r->path.ptr + r->path.len;) {
            if (*at != ':') {
                fputc(*at++, to);
                continue;
            }
            const char *end = ++at;
            while (end < r->path.ptr + r->path.len && *end != '/') end++;
            const egg_value *value = map_get(params, (egg_str){at, (size_t)(end - at)});
            if (value != NULL && value->kind == EGG_STRING)
                fwrite(value->as.string, 1, value->count, to);
            if (value != NULL && value->kind == EGG_INT)
                fprintf(to, "%lld", (long long)value->as.integer);
            at = end;
        }
        fclose(to);
        arena *where = c == NULL ? &k->memory : &c->context->memory;
        *out = arena_text(where, (egg_str){text, size});
        free(text);
        return EGG_OK;
    }
    return EGG_OK;
}

const egg_router router_table = {
    .size = sizeof(egg_router), .add_route = add_route, .add_resources = add_resources,
    .add_redirect = add_redirect, .add_param = add_param, .set_prefix = set_prefix, .url = url,
};

/* ---- matching ------------------------------------------------------------------------ */

static bool has_method(egg_str methods, egg_str method) {
    if (methods.len == 1 && methods.ptr[0] == '*') return true;
    for (const char *at = methods.ptr, *end = at + methods.len; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        egg_str one = {at, (size_t)((comma == NULL ? end : comma) - at)};
        if (same_nocase(one, method)) return true;
        at = comma == NULL ? end : comma + 1;
    }
    return false;
}

static egg_str segment(egg_str *rest) {
    while (rest->len > 0 && rest->ptr[0] == '/') rest->ptr++, rest->len--;
    const char *slash = rest->len == 0 ? NULL : memchr(rest->ptr, '/', rest->len);
    egg_str head = {rest->ptr, slash == NULL ? rest->len : (size_t)(slash - rest->ptr)};
    rest->ptr += head.len;
    rest->len -= head.len;
    return head;
}

static egg_str route_path(const exchange *x) {
    return x->route_path.len > 0 ? x->route_path : x->head.path;
}

static bool match(exchange *x, route *r) {
    x->params.count = 0;
    if ((r->flags & EGG_ROUTE_REGEX) != 0) {
        regex_t expression;
        char *pattern = arena_cstring(&x->memory, r->path);
        char *path = arena_cstring(&x->memory, route_path(x));
        if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) != 0) return false;
        bool found = regexec(&expression, path, 0, NULL, 0) == 0;
        regfree(&expression);
        return found;
    }
    egg_str pattern = r->path, path = route_path(x);
    for (;;) {
        egg_str want = segment(&pattern), have = segment(&path);
        if (want.len == 0 || have.len == 0)
            return want.len == have.len || (want.len == 0 && (r->flags & EGG_ROUTE_LAYER) != 0);
        if (want.ptr[0] == ':')
            fields_add(&x->memory, &x->params, (egg_str){want.ptr + 1, want.len - 1}, have);
        else if (!same(want, have))
            return false;
    }
}

static egg_step redirect(void *instance, egg_call token) {
    (void)token;
    exchange *x = ((void **)instance)[0];
    route *r = ((void **)instance)[1];
    x->status = r->redirect_status;
    x->status_set = true;
    fields_add(&x->memory, &x->headers, str("Location"), r->redirect);
    return EGG_STEP_DONE;
}

static void push_layer(exchange *x, egg_handler handler, unit *u, const char *what) {
    x->layers = grow(x->layers, x->layer_count, sizeof *x->layers);
    x->layers[x->layer_count++] = (layer){handler, u, what};
}

/* Appends the handlers of every route that matches to the layers of `x`. */
void route_request(exchange *x) {
    kit *k = x->kit;
    bool named = false;
    x->routed = true;
    for (size_t i = 0; i < k->routes_count; i++) {
        route *r = &k->routes[i];
        if (!match(x, r)) continue;
        fields_add(&x->memory, &x->matched, r->name, r->path);
        if ((r->flags & EGG_ROUTE_LAYER) == 0 && !has_method(r->methods, x->head.method)) {
            x->params.count = 0;
            continue;
        }
        char *what = arena_cstring(&k->memory, r->path);
        if (!named && (r->flags & EGG_ROUTE_LAYER) == 0) {
            x->route_name = r->name;
            x->route_pattern = r->path;
            named = true;
        }
        for (size_t p = 0; p < k->param_handlers_count; p++)
            if (fields_find(&x->params, k->param_handlers[p].name, 0) != NULL)
                push_layer(x, k->param_handlers[p].handler, k->param_handlers[p].unit, what);
        for (uint32_t n = 0; n < r->count; n++) push_layer(x, r->handlers[n], r->unit, what);
        if (r->redirect.len > 0) {
            void **pair = arena_alloc(&x->memory, 2 * sizeof *pair, 8);
            pair[0] = x;
            pair[1] = r;
            push_layer(x, (egg_handler){pair, redirect}, k->test, what);
        }
        if (named) return;
    }
}
