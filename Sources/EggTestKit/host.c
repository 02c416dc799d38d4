/* host.c - the host table: query, log, registration, configuration, memory, state. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

static bool boot_only(unit *u, const char *operation, egg_status *status) {
    if (!on_loop(u, operation)) {
        *status = EGG_E_THREAD;
        return false;
    }
    if (!u->kit->booted) return true;
    finding(u->kit, u,
            "%s: is for boot, the application serves already; register in EGG_PHASE_REGISTER or "
            "EGG_PHASE_LOAD",
            operation);
    *status = EGG_E_PHASE;
    return false;
}

bool adopt(unit *u, const void *sender, void *receiver, uint32_t known, const char *type) {
    uint32_t size = 0;
    if (sender != NULL) memcpy(&size, sender, sizeof size);
    if (size < 4 || size > 4096) {
        finding(u->kit, u, "%s: its size is %u; set size to sizeof(%s)", type, size, type);
        return false;
    }
    const uint8_t *bytes = sender;
    for (uint32_t i = known; i < size; i++) {
        if (bytes[i] == 0) continue;
        finding(u->kit, u,
                "%s: of %u bytes, with fields set beyond the %u that are known here; leave new "
                "fields zero or test the host's minor first",
                type, size, known);
        return false;
    }
    memset(receiver, 0, known);
    memcpy(receiver, sender, size < known ? size : known);
    return true;
}

egg_status refused(const void *sender) {
    uint32_t size = 0;
    if (sender != NULL) memcpy(&size, sender, sizeof size);
    return size < 4 || size > 4096 ? EGG_E_ARGUMENT : EGG_E_UNSUPPORTED;
}

egg_status fill(void *receiver, const void *from, uint32_t known) {
    uint32_t size;
    memcpy(&size, receiver, sizeof size);
    if (size < 4 || size > 4096) return EGG_E_ARGUMENT;
    uint32_t count = size < known ? size : known;
    memcpy((char *)receiver + 4, (const char *)from + 4, count - 4);
    return EGG_OK;
}

bool manifest_lists(unit *u, const char *list, egg_str name) {
    if (!u->has_manifest) return true;
    const egg_value *names = map_get(map_get(&u->manifest, str("provides")), str(list));
    for (uint32_t i = 0; names != NULL && names->kind == EGG_LIST && i < names->count; i++) {
        const egg_value *item = &names->as.items[i];
        if (item->kind == EGG_STRING && same((egg_str){item->as.string, item->count}, name))
            return true;
    }
    return false;
}

static egg_status undeclared(unit *u, const char *list, const char *name) {
    finding(u->kit, u, "%s \"%s\" is not announced; add it to \"provides\" of the manifest", list,
            name);
    return EGG_E_UNDECLARED;
}

static bool good_name(unit *u, const char *type, const char *name, bool complete) {
    if (complete && name != NULL && name[0] != '\0' && strlen(name) <= 256) return true;
    finding(u->kit, u, "%s: it lacks its name or a function that must be set", type);
    return false;
}

/* ---- query, log ---------------------------------------------------------------------------- */

static bool listed(const char *list, const char *id) {
    size_t count = strlen(id);
    for (const char *at = list; at != NULL && *at != '\0';) {
        const char *comma = strchr(at, ',');
        size_t length = comma == NULL ? strlen(at) : (size_t)(comma - at);
        if (length == count && memcmp(at, id, count) == 0) return true;
        at = comma == NULL ? NULL : comma + 1;
    }
    return false;
}

static bool names(const egg_value *list, egg_str name) {
    for (uint32_t i = 0; list != NULL && list->kind == EGG_LIST && i < list->count; i++)
        if (same((egg_str){list->as.items[i].as.string, list->as.items[i].count}, name)) return true;
    return false;
}

/* What a manifest needs is promised, and so is what a plugin has published that it depends on. */
static bool promised(unit *u, const char *id) {
    if (names(map_get(&u->manifest, str("needs")), str(id))) return true;
    kit *k = u->kit;
    for (size_t i = 0; i < k->published_count; i++)
        if (k->published[i].unit != NULL && strcmp(k->published[i].id, id) == 0)
            return names(map_get(&u->manifest, str("dependencies")), str(k->published[i].unit->id));
    return false;
}

const void *host_query(const egg_host *h, const char *id) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (id == NULL) {
        finding(k, u, "query: was given NULL instead of an interface's id");
        return NULL;
    }
    if (listed(k->options.without, id)) return NULL;
    if (k->refuse_optional && !u->is_test && strncmp(id, "egg.", 4) == 0 && !promised(u, id))
        return NULL;
    for (size_t i = 0; i < k->published_count; i++)
        if (strcmp(k->published[i].id, id) == 0) return k->published[i].table;
    if (strcmp(id, EGG_HTTP_ID) == 0) return &http_table;
    if (strcmp(id, EGG_LOOP_ID) == 0) return &loop_table;
    if (strcmp(id, EGG_UPGRADE_ID) == 0) return &upgrade_table;
    if (strcmp(id, EGG_APP_ID) == 0) return &app_table;
    if (strcmp(id, EGG_ROUTER_ID) == 0) return &router_table;
    if (strcmp(id, EGG_MESSENGER_ID) == 0) return &messenger_table;
    if (strcmp(id, EGG_PROCESS_ID) == 0) return &process_table;
    if (strcmp(id, EGG_LOG_ID) == 0) return &log_table;
    if (strcmp(id, EGG_ERRORS_ID) == 0) return &errors_table;
    return NULL;
}

static void host_log(const egg_host *h, egg_call token, egg_level level, egg_str message,
                     const egg_value *fields) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!plausible(message)) {
        finding(k, u, "log: a message without a pointer");
        return;
    }
    bool elsewhere = !pthread_equal(pthread_self(), k->loop) || k->offloading;
    if (elsewhere && token.token != 0)
        finding(k, u, "log: off the loop's thread it takes a zero call");
    arena text;
    arena_begin(k, &text, "a log line");
    const char *shown = fields == NULL || elsewhere ? "" : json_write(&text, fields);
    log_line(k, u, level, message, shown);
    arena_end(&text, u);
}

/* ---- registration ---------------------------------------------------------------------------- */

static egg_status add_middleware(const egg_host *h, const egg_middleware *item) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    egg_status status;
    egg_middleware table;
    if (!boot_only(u, "add_middleware", &status)) return status;
    if (!adopt(u, item, &table, sizeof table, "egg_middleware")) return refused(item);
    if (!good_name(u, "egg_middleware", table.name, table.handle != NULL)) return EGG_E_ARGUMENT;
    if (!manifest_lists(u, "middleware", str(table.name)))
        return undeclared(u, "middleware", table.name);
    for (size_t i = 0; i < k->middlewares_count; i++) {
        middleware *other = &k->middlewares[i];
        if (strcmp(other->name, table.name) != 0) continue;
        finding(k, u, "middleware \"%s\" is registered already, by \"%s\"", table.name,
                other->unit->id);
        return EGG_E_EXISTS;
    }
    *APPEND(k, middlewares) = (middleware){
        .table = table, .name = arena_cstring(&k->memory, str(table.name)), .unit = u};
    return EGG_OK;
}

static egg_status add_directory(const egg_host *h, const egg_directory *item) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    egg_status status;
    egg_directory table;
    if (!boot_only(u, "add_directory", &status)) return status;
    if (!adopt(u, item, &table, sizeof table, "egg_directory")) return refused(item);
    if (!good_name(u, "egg_directory", table.path, table.loaded != NULL && table.match != NULL))
        return EGG_E_ARGUMENT;
    if (table.path[0] == '/' || strstr(table.path, "..") != NULL) {
        finding(k, u, "egg_directory: needs a path below the unit, such as \"app/view\"");
        return EGG_E_ARGUMENT;
    }
    *APPEND(k, directories) = (directory){table, arena_cstring(&k->memory, str(table.path)),
                                          arena_cstring(&k->memory, str(table.match)), u};
    return EGG_OK;
}

static egg_status add_export(const egg_host *h, egg_str path, const egg_value *value) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    egg_status status;
    if (!boot_only(u, "add_export", &status)) return status;
    if (!plausible(path) || path.len == 0 || value == NULL) return EGG_E_ARGUMENT;
    fake_file file = {u->id, arena_cstring(&k->memory, path), u->kind, {0}};
    status = arena_value(&k->memory, value, &file.value, &k->objects);
    if (status == EGG_OK) *APPEND(k, files) = file;
    return status;
}

static egg_status publish(const egg_host *h, const char *id, const void *table) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    egg_status status;
    if (!boot_only(u, "publish", &status)) return status;
    if (id == NULL || table == NULL || strchr(id, '/') == NULL ||
        (strncmp(id, "egg.", 4) == 0 && strncmp(id, "egg.view/", 9) != 0 &&
         strncmp(id, "egg.nunjucks/", 13) != 0)) {
        finding(k, u, "publish: needs a table and an id of your own with a revision, "
                      "\"com.example.thing/1\"");
        return EGG_E_ARGUMENT;
    }
    if (!manifest_lists(u, "interfaces", str(id))) return undeclared(u, "interfaces", id);
    for (size_t i = 0; i < k->published_count; i++) {
        if (strcmp(k->published[i].id, id) != 0) continue;
        finding(k, u, "interface \"%s\" is published already", id);
        return EGG_E_EXISTS;
    }
    *APPEND(k, published) = (published){arena_cstring(&k->memory, str(id)), table, u};
    return EGG_OK;
}

static egg_status make_middleware(const egg_host *h, egg_str name, const egg_value *options,
                                  egg_handler *out) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    egg_status status;
    if (!boot_only(u, "make_middleware", &status)) return status;
    if (!plausible(name)) return EGG_E_ARGUMENT;
    for (size_t i = 0; i < k->middlewares_count; i++) {
        middleware *m = &k->middlewares[i];
        if (!same(name, str(m->name))) continue;
        out->handle = m->table.handle;
        out->instance = m->table.self;
        if (m->table.make == NULL) return EGG_OK;
        egg_value none = {.kind = EGG_MAP};
        egg_str message = {"", 0};
        return m->table.make(m->table.self, options == NULL ? &none : options, &out->instance,
                             &message);
    }
    return EGG_E_NOT_FOUND;
}

/* ---- configuration ------------------------------------------------------------------------------ */

static egg_status host_config(const egg_host *h, egg_str path, egg_value *out) {
    unit *u = unit_of(h);
    if (!on_loop(u, "config")) return EGG_E_THREAD;
    if (!plausible(path)) return EGG_E_ARGUMENT;
    const egg_value *found = map_at(&u->kit->config, path);
    if (found == NULL) return EGG_E_NOT_FOUND;
    *out = *found;
    return EGG_OK;
}

static egg_status set_config(const egg_host *h, egg_str path, const egg_value *value,
                             egg_str origin) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "set_config")) return EGG_E_THREAD;
    if (k->frozen) {
        finding(k, u, "set_config: the configuration is frozen; change it in "
                      "EGG_PHASE_CONFIG_WILL_LOAD");
        return EGG_E_PHASE;
    }
    egg_value copy;
    if (!plausible(path) || !plausible(origin) || value == NULL) return EGG_E_ARGUMENT;
    egg_status status = arena_value(&k->memory, value, &copy, &k->objects);
    if (status == EGG_OK) config_set(k, path, &copy);
    return status;
}

/* ---- while holding a call -------------------------------------------------------------------------- */

static void *host_alloc(const egg_host *h, egg_call token, size_t size, size_t alignment) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    call *c = call_find(u, token);
    if (c == NULL) {
        call_missing(u, token, "alloc");
        return NULL;
    }
    if (size > ARENA_LIMIT || c->context->memory.used + size > ARENA_LIMIT) return NULL;
    if (++k->allocs == k->options.fail_alloc_at && !u->is_test) return NULL;
    if (torment(k) && !u->is_test && chance(k, 40)) return NULL;
    return arena_alloc(&c->context->memory, size, alignment);
}

static egg_status host_copy(const egg_host *h, egg_call token, const egg_value *value,
                            egg_value *out) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, "copy");
    return arena_value(&c->context->memory, value, out, &c->context->objects);
}

static egg_status host_state(const egg_host *h, egg_call token, egg_str name, egg_value *out) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, "state");
    if (!plausible(name)) return EGG_E_ARGUMENT;
    exchange *x = c->context;
    egg_value all = {.kind = EGG_MAP, .count = (uint32_t)x->state_count, .as.pairs = x->state};
    if (name.len == 0) return arena_value(&x->memory, &all, out, &x->objects);
    const egg_value *found = map_get(&all, name);
    if (found == NULL) return EGG_E_NOT_FOUND;
    *out = *found;
    return EGG_OK;
}

static egg_status set_state(const egg_host *h, egg_call token, egg_str name,
                            const egg_value *value) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, "set_state");
    if (!plausible(name) || name.len == 0 || value == NULL) return EGG_E_ARGUMENT;
    exchange *x = c->context;
    egg_value copy;
    egg_status status = arena_value(&x->memory, value, &copy, &x->objects);
    if (status != EGG_OK) return status;
    for (size_t i = 0; i < x->state_count; i++) {
        if (!same(x->state[i].key, name)) continue;
        x->state[i].value = copy;
        return EGG_OK;
    }
    x->state = grow(x->state, x->state_count, sizeof *x->state);
    x->state[x->state_count++] = (egg_pair){arena_text(&x->memory, name), copy};
    return EGG_OK;
}

static void *host_local(const egg_host *h, egg_call token, const void *key) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) {
        call_missing(u, token, "local");
        return NULL;
    }
    for (size_t i = 0; i < c->context->local_count; i++)
        if (c->context->locals[i].key == key) return c->context->locals[i].value;
    return NULL;
}

static egg_status set_local(const egg_host *h, egg_call token, const void *key, void *value,
                            void (*release)(void *value)) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, "set_local");
    exchange *x = c->context;
    for (size_t i = 0; i < x->local_count; i++) {
        local_slot old = x->locals[i];
        if (old.key != key) continue;
        x->locals[i] = (local_slot){key, value, release};
        if (old.release != NULL) old.release(old.value);
        return EGG_OK;
    }
    x->locals = grow(x->locals, x->local_count, sizeof *x->locals);
    x->locals[x->local_count++] = (local_slot){key, value, release};
    return EGG_OK;
}

static egg_status on_cancel(const egg_host *h, egg_call token, void (*hook)(void *state),
                            void *state) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, "on_cancel");
    if (c->context->cancelled) {
        hook(state);
        return EGG_OK;
    }
    if (c->hook != NULL) finding(u->kit, u, "on_cancel: a call has at most one hook (%s)", c->what);
    c->hook = hook;
    c->hook_state = state;
    return EGG_OK;
}

static bool cancelled(const egg_host *h, egg_call token) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) {
        call_missing(u, token, "cancelled");
        return true;
    }
    return c->context->cancelled;
}

void host_fill(egg_host *host) {
    host->query = host_query;
    host->log = host_log;
    host->add_middleware = add_middleware;
    host->add_directory = add_directory;
    host->add_export = add_export;
    host->publish = publish;
    host->make_middleware = make_middleware;
    host->config = host_config;
    host->set_config = set_config;
    host->finish = host_finish;
    host->fail = host_fail;
    host->next = host_next;
    host->alloc = host_alloc;
    host->copy = host_copy;
    host->state = host_state;
    host->set_state = set_state;
    host->local = host_local;
    host->set_local = set_local;
    host->on_cancel = on_cancel;
    host->cancelled = cancelled;
}
