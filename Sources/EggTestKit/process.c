/* process.c - egg.messenger/1, egg.process/1, egg.log/1: what reaches beyond a request. */
#define _GNU_SOURCE
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- messages ------------------------------------------------------------------------------ */

/* This process, as EGG_TO_PID and the list of "egg-pids" name it. */
enum { OWN_PID = 4711 };

enum { APPLICATION_SIDE = 1, AGENT_SIDE = 2 };

static unsigned own_sides(kit *k) {
    if (k->options.process == EGG_PROCESS_WORKER) return APPLICATION_SIDE;
    return k->options.process == EGG_PROCESS_AGENT ? AGENT_SIDE : APPLICATION_SIDE | AGENT_SIDE;
}

typedef struct message {
    char *action;
    egg_value data;
    unsigned sides;
} message;

static void deliver(kit *k, void *subject, void *extra) {
    message *m = subject;
    (void)extra;
    /* One that an earlier one has taken away is not called any more; a new one waits. */
    uint64_t last = k->next_token;
    for (size_t i = 0; i < k->ears_count; i++) {
        ear *listening = &k->ears[i];
        if (listening->token == 0 || listening->token >= last ||
            (listening->side & m->sides) == 0 || strcmp(listening->action, m->action) != 0)
            continue;
        unit *u = listening->unit;
        arena lent;
        arena_begin(k, &lent, "the data of a message");
        egg_value *data = arena_alloc(&lent, sizeof *data, _Alignof(egg_value));
        arena_value(&lent, &m->data, data, NULL);
        listening->heard(listening->state, data);
        arena_end(&lent, u);
    }
}

static message *make_message(kit *k, egg_str action, unsigned sides) {
    message *m = arena_alloc(&k->memory, sizeof *m, _Alignof(message));
    m->action = arena_cstring(&k->memory, action);
    m->sides = sides;
    return m;
}

static bool has_object(const egg_value *value, int depth) {
    if (value->kind == EGG_OBJECT) return true;
    if (depth > 128) return false;
    for (uint32_t i = 0; value->kind == EGG_LIST && i < value->count; i++)
        if (has_object(&value->as.items[i], depth + 1)) return true;
    for (uint32_t i = 0; value->kind == EGG_MAP && i < value->count; i++)
        if (has_object(&value->as.pairs[i].value, depth + 1)) return true;
    return false;
}

static egg_status messenger_send(const egg_host *h, uint32_t to, uint64_t pid, egg_str action,
                                 const egg_value *data) {
    static const char *const names[] = {"", "all", "apps", "agent", "random", "pid"};
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "messenger send")) return EGG_E_THREAD;
    if (!plausible(action) || action.len == 0 || action.len > 65535 || to < EGG_TO_ALL ||
        to > EGG_TO_PID)
        return EGG_E_ARGUMENT;
    egg_value none = {.kind = EGG_UNDEFINED};
    if (data == NULL) data = &none;
    unsigned sides = to == EGG_TO_ALL                       ? APPLICATION_SIDE | AGENT_SIDE
                     : to == EGG_TO_AGENT                   ? AGENT_SIDE
                     : to == EGG_TO_PID && pid != OWN_PID   ? 0
                     : to == EGG_TO_PID                     ? APPLICATION_SIDE | AGENT_SIDE
                                                            : APPLICATION_SIDE;
    message *m = make_message(k, action, sides & own_sides(k));
    egg_status status = arena_value(&k->memory, data, &m->data, NULL);
    if (status == EGG_OK && has_object(data, 0)) {
        finding(k, u, "messenger send \"%s\": objects stay in their process; send plain values",
                m->action);
        status = EGG_E_ARGUMENT;
    }
    if (status != EGG_OK) return status;
    char *line = NULL;
    if (asprintf(&line, "%s %s %s", names[to], m->action, json_write(&k->memory, &m->data)) < 0)
        abort();
    *APPEND(k, sent) = arena_cstring(&k->memory, str(line));
    free(line);
    push_ordered(k, deliver, m, NULL);
    return !u->is_test && chance(k, 8) ? EGG_E_AGAIN : EGG_OK;
}

static egg_status messenger_on(const egg_host *h, uint32_t side, egg_str action,
                               void (*heard)(void *state, const egg_value *data), void *state,
                               uint64_t *token) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "messenger on")) return EGG_E_THREAD;
    if (!plausible(action) || action.len == 0 || heard == NULL || token == NULL ||
        (side != EGG_ON_APPLICATION && side != EGG_ON_AGENT))
        return EGG_E_ARGUMENT;
    *token = k->next_token++;
    *APPEND(k, ears) = (ear){
        .token = *token, .side = side == EGG_ON_AGENT ? AGENT_SIDE : APPLICATION_SIDE,
        .action = arena_cstring(&k->memory, action), .heard = heard, .state = state, .unit = u};
    return EGG_OK;
}

static egg_status messenger_off(const egg_host *h, uint64_t token) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "messenger off")) return EGG_E_THREAD;
    for (size_t i = 0; i < k->ears_count; i++) {
        if (token == 0 || k->ears[i].token != token) continue;
        k->ears[i].token = 0;
        return EGG_OK;
    }
    return EGG_E_NOT_FOUND;
}

typedef struct waiting {
    egg_done done;
    void *state;
    unit *unit;
} waiting;

static void tell_drained(kit *k, void *subject, void *extra) {
    waiting *w = subject;
    (void)extra;
    give_outcome(k, w->done, w->state, EGG_OUTCOME_OK, NULL, NULL, w->unit);
    free(w);
}

static egg_status messenger_drained(const egg_host *h, egg_done done, void *state) {
    unit *u = unit_of(h);
    if (!on_loop(u, "messenger drained")) return EGG_E_THREAD;
    if (done == NULL) return EGG_E_ARGUMENT;
    waiting *w = must_alloc(sizeof *w);
    *w = (waiting){done, state, u};
    push(u->kit, tell_drained, w, NULL);
    return EGG_OK;
}

const egg_messenger messenger_table = {
    .size = sizeof(egg_messenger), .send = messenger_send, .on = messenger_on,
    .off = messenger_off, .drained = messenger_drained,
};

size_t egg_testkit_messages(kit *k) { return k->sent_count; }
const char *egg_testkit_message(kit *k, size_t i) { return i < k->sent_count ? k->sent[i] : NULL; }

void egg_testkit_tell(kit *k, uint32_t side, const char *action, const char *json) {
    message *m = make_message(k, str(action),
                              side == EGG_ON_AGENT ? AGENT_SIDE : APPLICATION_SIDE);
    if (json != NULL) m->data = egg_testkit_parse(k, json);
    push_ordered(k, deliver, m, NULL);
    egg_testkit_run(k);
}

/* What every process of an application hears once all are ready. */
void tell_ready(kit *k) {
    static const char ready[] =
        "{\"port\": 7001, \"address\": \"http://127.0.0.1:7001\", \"protocol\": \"http\"}";
    static const uint32_t targets[] = {EGG_ON_APPLICATION, EGG_ON_AGENT};
    for (size_t i = 0; i < 2; i++) {
        uint32_t side = targets[i];
        unsigned bit = side == EGG_ON_AGENT ? AGENT_SIDE : APPLICATION_SIDE;
        if ((own_sides(k) & bit) == 0) continue;
        egg_testkit_tell(k, side, "egg-pids", "[4711]");
        egg_testkit_tell(k, side, "egg-ready", ready);
    }
}

/* ---- the process --------------------------------------------------------------------------- */

static egg_status add_readiness(const egg_host *h, const egg_readiness *item) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    egg_readiness table;
    if (!on_loop(u, "add_readiness")) return EGG_E_THREAD;
    if (!adopt(u, item, &table, sizeof table, "egg_readiness")) return refused(item);
    if (table.name == NULL || table.name[0] == '\0' || table.check == NULL) {
        finding(k, u, "egg_readiness: it lacks its name or its check");
        return EGG_E_ARGUMENT;
    }
    *APPEND(k, checks) = (readiness){table, arena_cstring(&k->memory, str(table.name)), u};
    return EGG_OK;
}

/* The client's trace when it sent a valid one; otherwise the same made-up one each time, so that tests
 * can compare. A trace of zeros is none. */
static egg_status trace(const egg_host *h, egg_call token, egg_str *trace_id, egg_str *span_id,
                        egg_str *parent) {
    static const char made[] = "4bf92f3577b34da6a3ce929d0e0e4736";
    static const char span[] = "00f067aa0ba902b7";
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, "trace");
    exchange *x = c->context;
    field *sent = fields_find(&x->fields, str("traceparent"), 0);
    const char *id = made;
    const char *flags = "00";
    if (sent != NULL && sent->value.len == 55) {
        const char *text = sent->value.ptr;
        bool good = strspn(text, "0123456789abcdef-") >= 55 && memcmp(text, "00-", 3) == 0 &&
                    text[35] == '-' && text[52] == '-' && strspn(text + 3, "0") < 32 &&
                    strspn(text + 36, "0") < 16;
        if (good) id = text + 3, flags = text + 53;
    }
    char header[56];
    snprintf(header, sizeof header, "00-%.32s-%s-%.2s", id, span, flags);
    if (trace_id != NULL) *trace_id = arena_text(&x->memory, (egg_str){id, 32});
    if (span_id != NULL) *span_id = arena_text(&x->memory, str(span));
    if (parent != NULL) *parent = arena_text(&x->memory, str(header));
    return EGG_OK;
}

static egg_status process_reload(const egg_host *h, egg_str reason) {
    unit *u = unit_of(h);
    if (!on_loop(u, "reload")) return EGG_E_THREAD;
    if (!plausible(reason)) return EGG_E_ARGUMENT;
    if (u->kit->options.process == EGG_PROCESS_SINGLE) return EGG_E_UNSUPPORTED;
    char *line = NULL;
    if (asprintf(&line, "master reload \"%.*s\"", (int)reason.len,
                 reason.len > 0 ? reason.ptr : "") < 0)
        abort();
    *APPEND(u->kit, sent) = arena_cstring(&u->kit->memory, str(line));
    free(line);
    return EGG_OK;
}

const egg_process process_table = {
    .size = sizeof(egg_process), .add_readiness = add_readiness, .trace = trace,
    .reload = process_reload,
};

static egg_step run_check(unit *u, egg_call token, void *context) {
    readiness *check = context;
    (void)u;
    return check->table.check(check->table.self, token);
}

const char *egg_testkit_not_ready(kit *k) {
    const char *first = NULL;
    for (size_t i = 0; i < k->checks_count; i++) {
        readiness check = k->checks[i];
        const egg_testkit_result *result = begin(check.unit, "a check of readiness", run_check,
                                                 &check);
        /* One that asks somebody else may take a moment. */
        for (int turn = 0; turn < 20 && !result->settled; turn++) {
            egg_testkit_advance(k, 250);
            if (!result->settled) egg_testkit_wait(k, k->errands_count > 0 ? 500 : 20);
        }
        if (!result->settled)
            finding(k, check.unit, "the check \"%s\" of readiness was not settled in 5 seconds",
                    check.name);
        if ((!result->settled || result->kind != EGG_OUTCOME_OK) && first == NULL)
            first = check.name;
    }
    return first;
}

/* ---- loggers ------------------------------------------------------------------------------- */

enum { OWN_LOGGERS = 4 };
static const char *const own_loggers[OWN_LOGGERS] = {"logger", "coreLogger", "errorLogger",
                                                     "agentLogger"};

static egg_logger *logger_named(kit *k, egg_str name) {
    for (size_t i = 0; i < k->loggers_count; i++)
        if (same(k->loggers[i]->name, name)) return k->loggers[i];
    egg_logger *made = arena_alloc(&k->memory, sizeof *made, _Alignof(egg_logger));
    *made = (egg_logger){.size = sizeof *made, .level = EGG_LOG_DEBUG,
                         .id = k->loggers_count + 1, .file = str(""), .json_file = str("")};
    made->name = arena_text(&k->memory, name);
    *APPEND(k, loggers) = made;
    return made;
}

/* The kernel's, and the keys of config.customLogger once the configuration is frozen. */
static const egg_logger *logger_at(const egg_host *h, uint32_t index) {
    kit *k = unit_of(h)->kit;
    if (index < OWN_LOGGERS) return logger_named(k, str(own_loggers[index]));
    const egg_value *custom = map_get(&k->config, str("customLogger"));
    index -= OWN_LOGGERS;
    if (!k->frozen || custom == NULL || custom->kind != EGG_MAP || index >= custom->count)
        return NULL;
    return logger_named(k, custom->as.pairs[index].key);
}

static const egg_logger *logger_find(const egg_host *h, egg_str name) {
    unit *u = unit_of(h);
    if (!on_loop(u, "find") || !plausible(name)) return NULL;
    const egg_logger *found;
    for (uint32_t i = 0; (found = logger_at(h, i)) != NULL; i++)
        if (same(found->name, name)) return found;
    return NULL;
}

static void logger_write(const egg_host *h, const egg_logger *logger, egg_call token,
                         egg_level level, egg_str message, const egg_value *fields) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (logger == NULL || logger->size < sizeof *logger) {
        finding(k, u, "log write: the logger is none that find or at has answered");
        return;
    }
    if (level < logger->level) return;
    if (same(logger->name, str("logger"))) {
        h->log(h, token, level, message, fields);
        return;
    }
    char *line = NULL;
    if (!plausible(message)) message = str("");
    if (asprintf(&line, "[%.*s] %.*s", (int)logger->name.len, logger->name.ptr, (int)message.len,
                 message.len > 0 ? message.ptr : "") < 0)
        abort();
    h->log(h, token, level, str(line), fields);
    free(line);
}

static egg_status logger_set_level(const egg_host *h, const egg_logger *logger, egg_level level) {
    unit *u = unit_of(h);
    if (!on_loop(u, "set_level")) return EGG_E_THREAD;
    if (logger == NULL || level < EGG_LOG_DEBUG || level > EGG_LOG_NONE) return EGG_E_ARGUMENT;
    for (size_t i = 0; i < u->kit->loggers_count; i++) {
        if (u->kit->loggers[i] != logger) continue;
        u->kit->loggers[i]->level = level;
        return EGG_OK;
    }
    return EGG_E_ARGUMENT;
}

/* There are no files here. */
static egg_status logger_reload(const egg_host *h) {
    return on_loop(unit_of(h), "log reload") ? EGG_OK : EGG_E_THREAD;
}

const egg_log log_table = {
    .size = sizeof(egg_log), .find = logger_find, .at = logger_at, .write = logger_write,
    .set_level = logger_set_level, .reload = logger_reload,
};
