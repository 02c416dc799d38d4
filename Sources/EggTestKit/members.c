/* members.c - methods and properties: adding, resolving, calling; for units and tests. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

static const char *const target_lists[] = {NULL,       "application", "context", "request",
                                           "response", "helper",      "agent"};

static bool is_global(uint32_t target) {
    return target == EGG_ON_APPLICATION || target == EGG_ON_AGENT;
}

member *member_find(kit *k, uint32_t target, egg_str name) {
    for (size_t i = 0; i < k->members_count; i++)
        if (k->members[i].target == target && same(str(k->members[i].name), name))
            return &k->members[i];
    return NULL;
}

/* Whether `u` has registered what `list` announces as `name`; "view.use" is "view". */
bool announced(unit *u, const char *list, const char *name) {
    kit *k = u->kit;
    size_t count = strlen(name);
    if (strcmp(list, "middleware") == 0) {
        for (size_t i = 0; i < k->middlewares_count; i++)
            if (k->middlewares[i].unit == u && strcmp(k->middlewares[i].name, name) == 0)
                return true;
        return false;
    }
    if (strcmp(list, "interfaces") == 0) {
        for (size_t i = 0; i < k->published_count; i++)
            if (k->published[i].unit == u && strcmp(k->published[i].id, name) == 0) return true;
        return false;
    }
    for (size_t i = 0; i < k->members_count; i++) {
        member *m = &k->members[i];
        if (m->unit != u || strcmp(target_lists[m->target], list) != 0) continue;
        if (strncmp(m->name, name, count) == 0 && (m->name[count] == '\0' || m->name[count] == '.'))
            return true;
    }
    return false;
}

static egg_status add(unit *u, member fresh, const char *name, const char *type, bool complete) {
    kit *k = u->kit;
    if (!complete || name == NULL || name[0] == '\0' || fresh.target < EGG_ON_APPLICATION ||
        fresh.target > EGG_ON_AGENT) {
        finding(k, u, "%s: needs a name, a function and a target (EGG_ON_*)", type);
        return EGG_E_ARGUMENT;
    }
    const char *list = target_lists[fresh.target];
    const char *dot = strchr(name, '.');
    egg_str root = {name, dot == NULL ? strlen(name) : (size_t)(dot - name)};
    if (!manifest_lists(u, list, str(name)) && !manifest_lists(u, list, root)) {
        finding(k, u, "%s \"%s\" is not announced; add it to \"provides\" of the manifest", list,
                name);
        return EGG_E_UNDECLARED;
    }
    member *other = member_find(k, fresh.target, str(name));
    if (other != NULL) {
        finding(k, u, "%s \"%s\" is \"%s\"'s already", list, name, other->unit->id);
        return EGG_E_EXISTS;
    }
    fresh.id = k->members_count + 1;
    fresh.unit = u;
    fresh.name = arena_cstring(&k->memory, str(name));
    *APPEND(k, members) = fresh;
    return EGG_OK;
}

static egg_status may_add(unit *u, const char *operation) {
    if (!on_loop(u, operation)) return EGG_E_THREAD;
    if (!u->kit->booted) return EGG_OK;
    finding(u->kit, u, "%s: is for boot, the application serves already", operation);
    return EGG_E_PHASE;
}

static egg_status add_method(const egg_host *h, const egg_method *item) {
    unit *u = unit_of(h);
    member m = {.is_method = true};
    egg_status status = may_add(u, "add_method");
    if (status != EGG_OK) return status;
    if (!adopt(u, item, &m.method, sizeof m.method, "egg_method")) return refused(item);
    if ((m.method.flags & ~(uint32_t)EGG_METHOD_IMMEDIATE) != 0) return EGG_E_UNSUPPORTED;
    m.target = m.method.target;
    return add(u, m, m.method.name, "egg_method", m.method.invoke != NULL);
}

static egg_status add_property(const egg_host *h, const egg_property *item) {
    unit *u = unit_of(h);
    member m = {0};
    egg_status status = may_add(u, "add_property");
    if (status != EGG_OK) return status;
    if (!adopt(u, item, &m.property, sizeof m.property, "egg_property")) return refused(item);
    if ((m.property.flags & ~(uint32_t)EGG_PROPERTY_ONCE) != 0) return EGG_E_UNSUPPORTED;
    m.target = m.property.target;
    return add(u, m, m.property.name, "egg_property", m.property.get != NULL);
}

static member *by_id(kit *k, egg_member id) {
    return id.id == 0 || id.id > k->members_count ? NULL : &k->members[id.id - 1];
}

static egg_status resolve(const egg_host *h, uint32_t target, egg_str name, egg_member *out) {
    unit *u = unit_of(h);
    if (!on_loop(u, "resolve")) return EGG_E_THREAD;
    if (!plausible(name) || target < EGG_ON_APPLICATION || target > EGG_ON_AGENT)
        return EGG_E_ARGUMENT;
    member *m = member_find(u->kit, target, name);
    if (m == NULL) return EGG_E_NOT_FOUND;
    out->id = m->id;
    return EGG_OK;
}

/* Copies the arguments and lets the method begin after the current function. */
static egg_status start(unit *u, exchange *x, const char *what, unit *holder,
                        const egg_method *method, egg_object *object, egg_str object_method,
                        const egg_value *args, uint32_t count, egg_done done, void *state) {
    kit *k = u->kit;
    if (done == NULL || (count > 0 && args == NULL) || count > 1024) {
        finding(k, u, "invoke: needs a done function, and arguments where count says so");
        return EGG_E_ARGUMENT;
    }
    egg_value *copies = must_alloc((count + 1) * sizeof *copies);
    for (uint32_t i = 0; i < count; i++) {
        egg_status status = arena_value(&x->memory, &args[i], &copies[i], &x->objects);
        if (status == EGG_OK) continue;
        free(copies);
        return status;
    }
    call *c = call_take(k, x, holder, FOR_METHOD, what);
    c->done = done;
    c->done_state = state;
    c->method = method;
    c->object = object;
    c->object_method = arena_text(&x->memory, object_method);
    c->args = copies;
    c->count = count;
    x->holds++;
    push(k, start_method, c, NULL);
    return EGG_OK;
}

static egg_status context_of(unit *u, egg_call token, uint32_t target, const char *operation,
                             exchange **out) {
    if (token.token == 0) {
        if (!is_global(target)) {
            finding(u->kit, u, "%s: only application and agent members go without a call",
                    operation);
            return EGG_E_ARGUMENT;
        }
        *out = exchange_new(u->kit, BACKGROUND, u);
        return EGG_OK;
    }
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, operation);
    *out = c->context;
    return EGG_OK;
}

static egg_status invoke(const egg_host *h, egg_call token, egg_member id, const egg_value *args,
                         uint32_t count, egg_done done, void *state) {
    unit *u = unit_of(h);
    if (!on_loop(u, "invoke")) return EGG_E_THREAD;
    member *m = by_id(u->kit, id);
    if (m == NULL) return EGG_E_NOT_FOUND;
    if (!m->is_method) return EGG_E_UNSUPPORTED;
    exchange *x;
    egg_status status = context_of(u, token, m->target, "invoke", &x);
    if (status != EGG_OK) return status;
    /* Members never move once the application serves, but may while it boots. */
    egg_method *method = arena_alloc(&u->kit->memory, sizeof *method, 8);
    *method = m->method;
    return start(u, x, m->name, m->unit, method, NULL, (egg_str){"", 0}, args, count, done, state);
}

static egg_status invoke_object(const egg_host *h, egg_call token, egg_object *object,
                                egg_str name, const egg_value *args, uint32_t count, egg_done done,
                                void *state) {
    unit *u = unit_of(h);
    if (!on_loop(u, "invoke_object")) return EGG_E_THREAD;
    if (!plausible(name) || object == NULL || object->ops == NULL) return EGG_E_ARGUMENT;
    if (object->ops->invoke == NULL) return EGG_E_UNSUPPORTED;
    exchange *x;
    egg_status status = context_of(u, token, EGG_ON_APPLICATION, "invoke_object", &x);
    if (status != EGG_OK) return status;
    objects_keep(&x->objects, object);
    return start(u, x, object->ops->type, u, NULL, object, name, args, count, done, state);
}

static egg_status invoke_now(const egg_host *h, egg_call token, egg_member id,
                             const egg_value *args, uint32_t count, egg_value *result,
                             const egg_error **error) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    call *caller = call_find(u, token);
    if (caller == NULL) return call_missing(u, token, "invoke_now");
    member *m = by_id(k, id);
    if (m == NULL) return EGG_E_NOT_FOUND;
    if (!m->is_method || (m->method.flags & EGG_METHOD_IMMEDIATE) == 0) return EGG_E_UNSUPPORTED;
    if (count > 0 && args == NULL) return EGG_E_ARGUMENT;
    exchange *x = caller->context;
    call *c = call_take(k, x, m->unit, FOR_METHOD, m->name);
    c->immediate = true;
    x->holds++;
    arena lent;
    arena_begin(k, &lent, "the arguments of a method");
    egg_value *copies = arena_alloc(&lent, (count + 1) * sizeof *copies, 8);
    egg_status status = EGG_OK;
    for (uint32_t i = 0; i < count && status == EGG_OK; i++)
        status = arena_value(&lent, &args[i], &copies[i], NULL);
    *result = (egg_value){0};
    if (status == EGG_OK) {
        egg_value own = {0};
        egg_call callee = call_issue(c, m->unit, false);
        egg_step step = m->method.invoke(m->method.self, callee, copies, count, &own);
        if (c->failure != NULL) {
            if (error != NULL) *error = c->failure;
            status = EGG_E_FAILED;
        } else if (!c->held) {
            *result = c->result;
        } else if (step == EGG_STEP_DONE) {
            status = arena_value(&x->memory, &own, result, &x->objects);
        } else {
            finding(k, m->unit, "%s: promised to be immediate and returned %d", m->name, step);
            if (error != NULL)
                *error = make_error(&x->memory, 500, "EGG_MISUSE", "a method lost its call");
            status = EGG_E_FAILED;
        }
    }
    arena_end(&lent, m->unit);
    call_give_back(c);
    x->holds--;
    return status;
}

static egg_status get_member(unit *u, exchange *x, member *m, egg_value *out) {
    kit *k = u->kit;
    bool once = (m->property.flags & EGG_PROPERTY_ONCE) != 0;
    if (once && is_global(m->target) && m->has_once) {
        *out = m->once;
        return EGG_OK;
    }
    for (size_t i = 0; once && x != NULL && i < x->once_count; i++) {
        if (x->once[i].member != m->id) continue;
        *out = x->once[i].value;
        return EGG_OK;
    }
    egg_call looking = {0};
    call *c = NULL;
    if (x != NULL) {
        c = call_take(k, x, m->unit, FOR_LOOKING, m->name);
        looking = call_issue(c, m->unit, false);
    }
    uint64_t id = m->id;
    *out = (egg_value){0};
    egg_status status = m->property.get(m->property.self, looking, out);
    m = &k->members[id - 1];
    if (c != NULL) call_give_back(c);
    if (status != EGG_OK) return status;
    arena *where = x == NULL || (once && is_global(m->target)) ? &k->memory : &x->memory;
    status = arena_value(where, out, out, where == &k->memory ? &k->objects : &x->objects);
    if (status != EGG_OK) {
        finding(k, m->unit, "%s: its value has a missing pointer or too many levels", m->name);
        return status;
    }
    if (once && is_global(m->target)) {
        m->has_once = true;
        m->once = *out;
    } else if (once && x != NULL) {
        x->once = grow(x->once, x->once_count, sizeof *x->once);
        x->once[x->once_count++] = (once_value){id, *out};
    }
    return EGG_OK;
}

static egg_status property_of(unit *u, egg_call token, egg_member id, const char *operation,
                              member **m, exchange **x) {
    if (!on_loop(u, operation)) return EGG_E_THREAD;
    *m = by_id(u->kit, id);
    if (*m == NULL) return EGG_E_NOT_FOUND;
    if ((*m)->is_method) return EGG_E_UNSUPPORTED;
    *x = NULL;
    if (token.token == 0) return is_global((*m)->target) ? EGG_OK : EGG_E_STALE;
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, operation);
    *x = c->context;
    return EGG_OK;
}

static egg_status get(const egg_host *h, egg_call token, egg_member id, egg_value *out) {
    member *m;
    exchange *x;
    egg_status status = property_of(unit_of(h), token, id, "get", &m, &x);
    return status == EGG_OK ? get_member(unit_of(h), x, m, out) : status;
}

static egg_status set_member(exchange *x, member *m, const egg_value *value) {
    kit *k = m->unit->kit;
    if (m->property.set == NULL) return EGG_E_UNSUPPORTED;
    m->has_once = false;
    for (size_t i = 0; x != NULL && i < x->once_count; i++)
        if (x->once[i].member == m->id) x->once[i--] = x->once[--x->once_count];
    arena lent;
    arena_begin(k, &lent, "the value of a property that was set");
    egg_value *copy = arena_alloc(&lent, sizeof *copy, 8);
    egg_status status = arena_value(&lent, value, copy, NULL);
    if (status == EGG_OK) {
        call *c = x == NULL ? NULL : call_take(k, x, m->unit, FOR_LOOKING, m->name);
        egg_call looking = c == NULL ? (egg_call){0} : call_issue(c, m->unit, false);
        unit *holder = m->unit;
        status = m->property.set(m->property.self, looking, copy);
        if (c != NULL) call_give_back(c);
        arena_end(&lent, holder);
        return status;
    }
    arena_end(&lent, m->unit);
    return status;
}

static egg_status set(const egg_host *h, egg_call token, egg_member id, const egg_value *value) {
    member *m;
    exchange *x;
    egg_status status = property_of(unit_of(h), token, id, "set", &m, &x);
    return status == EGG_OK ? set_member(x, m, value) : status;
}

void members_fill(egg_host *host) {
    host->add_method = add_method;
    host->add_property = add_property;
    host->resolve = resolve;
    host->invoke = invoke;
    host->invoke_object = invoke_object;
    host->invoke_now = invoke_now;
    host->get = get;
    host->set = set;
}

/* ---- for tests --------------------------------------------------------------------------------- */

static member *named(kit *k, exchange *x, uint32_t target, const char *name, bool is_method) {
    member *m = member_find(k, target, str(name));
    if (m == NULL || m->is_method != is_method) {
        finding(k, NULL, "no unit has registered the %s \"%s\" on target %u",
                is_method ? "method" : "property", name, target);
        return NULL;
    }
    if (x == NULL ? !is_global(target) : x->over) {
        finding(k, NULL, "\"%s\" needs an exchange that has not ended; see egg_testkit_context",
                name);
        return NULL;
    }
    return m;
}

const egg_testkit_result *egg_testkit_call_values(kit *k, exchange *x, uint32_t target,
                                                  const char *name, const egg_value *args,
                                                  uint32_t count) {
    egg_testkit_result *result;
    void *state = make_keeper(k, &result);
    member *m = named(k, x, target, name, true);
    if (m == NULL) return result;
    egg_method *method = arena_alloc(&k->memory, sizeof *method, 8);
    *method = m->method;
    if (x == NULL) x = exchange_new(k, BACKGROUND, m->unit);
    start(k->test, x, m->name, m->unit, method, NULL, (egg_str){"", 0}, args, count, keep_result,
          state);
    egg_testkit_run(k);
    return result;
}

const egg_testkit_result *egg_testkit_call(kit *k, exchange *x, uint32_t target, const char *name,
                                           const char *args) {
    egg_value list = args == NULL ? (egg_value){0} : egg_testkit_parse(k, args);
    if (list.kind != EGG_LIST) list = (egg_value){0};
    return egg_testkit_call_values(k, x, target, name, list.as.items, list.count);
}

egg_status egg_testkit_get(kit *k, exchange *x, uint32_t target, const char *name,
                           egg_value *out) {
    member *m = named(k, x, target, name, false);
    *out = (egg_value){0};
    if (m == NULL) return EGG_E_NOT_FOUND;
    egg_status status = get_member(k->test, x, m, out);
    return status == EGG_OK ? arena_value(&k->memory, out, out, &k->objects) : status;
}

egg_status egg_testkit_set(kit *k, exchange *x, uint32_t target, const char *name,
                           const char *json) {
    member *m = named(k, x, target, name, false);
    if (m == NULL) return EGG_E_NOT_FOUND;
    egg_value value = egg_testkit_parse(k, json);
    return set_member(x, m, &value);
}
