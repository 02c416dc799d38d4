/* calls.c - tokens, settling, and the onion as the kernel drives it. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

/* ---- tokens: slot (20 bits) and generation (44 bits) ----------------------------- */

call *call_take(kit *k, exchange *x, unit *holder, purpose purpose, const char *what) {
    call *c = NULL;
    /* While tormenting, slots are reused at once, so that stale tokens meet new calls. */
    for (size_t i = 0; i < k->calls_count && c == NULL; i++)
        if (k->calls[i]->purpose == 0) c = k->calls[i];
    if (c == NULL) {
        c = must_alloc(sizeof *c);
        c->index = (uint32_t)k->calls_count;
        c->generation = 1;
        *APPEND(k, calls) = c;
    }
    uint32_t index = c->index;
    uint64_t generation = c->generation;
    *c = (call){.index = index, .generation = generation, .purpose = purpose, .context = x,
                .holder = holder, .what = what};
    return c;
}

egg_call call_issue(call *c, unit *holder, bool may_go_on) {
    c->holder = holder;
    c->may_go_on = may_go_on;
    c->held = true;
    return (egg_call){c->generation << 20 | c->index};
}

void call_spend(call *c) {
    c->generation++;
    c->held = false;
    c->hook = NULL;
}

void call_give_back(call *c) {
    call_spend(c);
    free(c->args);
    c->args = NULL;
    c->purpose = 0;
}

call *call_find(unit *u, egg_call token) {
    kit *k = u->kit;
    size_t index = token.token & 0xFFFFF;
    if (!pthread_equal(pthread_self(), k->loop) || k->offloading) return NULL;
    if (token.token == 0 || index >= k->calls_count) return NULL;
    call *c = k->calls[index];
    return c->held && c->generation == token.token >> 20 ? c : NULL;
}

egg_status call_missing(unit *u, egg_call token, const char *operation) {
    if (!on_loop(u, operation)) return EGG_E_THREAD;
    finding(u->kit, u,
            token.token == 0 ? "%s: was given no call; pass the one that the function came with"
                             : "%s: the call was settled or handed on before; each value is "
                               "good for one settling, and a resume function gets a fresh one",
            operation);
    return EGG_E_STALE;
}

/* ---- settling ---------------------------------------------------------------------- */

static void run_drive(kit *k, void *subject, void *extra);

static void wake(exchange *x) {
    if (x->driving || x->queued) return;
    x->queued = true;
    push(x->kit, run_drive, x, NULL);
}

/* Reports how a method or phase ended to whoever awaits it. */
static void deliver(kit *k, void *subject, void *extra) {
    call *c = subject;
    exchange *x = c->context;
    (void)extra;
    int32_t kind = c->failure != NULL ? EGG_OUTCOME_FAILED : EGG_OUTCOME_OK;
    if (x->cancelled && chance(k, 2)) kind = EGG_OUTCOME_CANCELLED;
    give_outcome(k, c->done, c->done_state, kind, &c->result, c->failure, NULL);
    call_give_back(c);
    x->holds--;
    exchange_settle(x);
}

static void end_anonymous(kit *k, void *subject, void *extra) {
    exchange *x = subject;
    (void)k, (void)extra;
    x->chain_over = true;
    x->ended = true;
    exchange_settle(x);
}

static void settle(call *c, pending what) {
    exchange *x = c->context;
    call_spend(c);
    switch (c->purpose) {
    case FOR_CHAIN:
        x->pending = what;
        wake(x);
        break;
    case FOR_ANONYMOUS:
        push(x->kit, end_anonymous, x, NULL);
        break;
    default:
        if (!c->immediate) push(x->kit, deliver, c, NULL);
    }
}

/* The call under `token`, for spending. */
static call *spendable(unit *u, egg_call token, const char *operation) {
    call *c = call_find(u, token);
    if (c == NULL) {
        call_missing(u, token, operation);
        return NULL;
    }
    if (c->purpose == FOR_LOOKING) {
        finding(u->kit, u, "%s: this call is only to look at during the function, not to settle",
                operation);
        return NULL;
    }
    if (c->holder != u)
        finding(u->kit, u, "%s: settled a call that \"%s\" holds (%s)", operation, c->holder->id,
                c->what);
    return c;
}

egg_step host_finish(const egg_host *h, egg_call token, const egg_value *value) {
    unit *u = unit_of(h);
    call *c = spendable(u, token, "finish");
    if (c == NULL) return EGG_STEP_STALE;
    if (value != NULL && (c->purpose == FOR_METHOD || c->purpose == FOR_PHASE)) {
        exchange *x = c->context;
        if (arena_value(&x->memory, value, &c->result, &x->objects) != EGG_OK) {
            finding(u->kit, u, "finish: the value has a missing pointer or too many levels (%s)",
                    c->what);
            c->failure = make_error(&x->memory, 500, "EGG_BAD_VALUE",
                                    "a method returned a value that can't be read");
        }
    }
    settle(c, FINISHED);
    return EGG_STEP_LATER;
}

egg_step host_fail(const egg_host *h, egg_call token, const egg_error *error) {
    unit *u = unit_of(h);
    call *c = spendable(u, token, "fail");
    if (c == NULL) return EGG_STEP_STALE;
    if (error == NULL || error->size < 16)
        finding(u->kit, u, "fail: needs an egg_error whose size is set");
    c->failure = arena_error(&c->context->memory, error, &c->context->objects);
    settle(c, FAILED);
    return EGG_STEP_LATER;
}

egg_step host_next(const egg_host *h, egg_call token, egg_resume resume, void *state) {
    unit *u = unit_of(h);
    call *c = spendable(u, token, "next");
    if (c == NULL) return EGG_STEP_STALE;
    if (c->purpose != FOR_CHAIN || !c->may_go_on) {
        finding(u->kit, u,
                c->purpose == FOR_CHAIN
                    ? "next: called a second time by the same layer (%s); the rest runs once"
                    : "next: is for middleware and route handlers, not for a %s",
                c->what);
        return EGG_STEP_STALE;
    }
    exchange *x = c->context;
    x->pending_resume = resume;
    x->pending_state = state;
    settle(c, GO_ON);
    return EGG_STEP_LATER;
}

/* ---- the onion ----------------------------------------------------------------------- */

static layer *next_layer(exchange *x) {
    return x->cursor < x->layer_count ? &x->layers[x->cursor++] : NULL;
}

static const char *step_name(egg_step step) {
    switch (step) {
    case EGG_STEP_DONE: return "DONE";
    case EGG_STEP_PASS: return "PASS";
    case EGG_STEP_LATER: return "LATER";
    case EGG_STEP_STALE: return "STALE";
    default: return "an unknown step";
    }
}

/* Acts on what a layer did. False: it keeps its call, the driver waits. */
static bool act(exchange *x, egg_step step, bool is_entering) {
    kit *k = x->kit;
    call *c = x->chain;
    pending noted = x->pending;
    x->pending = NOTHING;
    if (noted != NOTHING && step != EGG_STEP_LATER && x->driving)
        finding(k, c->holder,
                "%s: returned %s after settling or handing on its call; return what the host "
                "function answered, or LATER",
                c->what, step_name(step));
    switch (noted) {
    case GO_ON:
        if (x->pending_resume != NULL) {
            x->frames = grow(x->frames, x->frame_count, sizeof *x->frames);
            x->frames[x->frame_count++] =
                (frame){x->pending_resume, x->pending_state, c->holder, c->what};
        }
        x->phase = ENTERING;
        return true;
    case FINISHED:
        x->phase = LEAVING;
        return true;
    case FAILED:
        x->failure = c->failure;
        c->failure = NULL;
        x->phase = LEAVING;
        return true;
    default:
        break;
    }
    if (step == EGG_STEP_DONE) {
        call_spend(c);
        x->phase = LEAVING;
        return true;
    }
    if (step == EGG_STEP_PASS && is_entering) {
        call_spend(c);
        return true;
    }
    if (step == EGG_STEP_LATER) {
        if (chance(k, 8)) exchange_cancel(x);
        return false;
    }
    finding(k, c->holder, "%s: returned %s (%d), which means nothing %s; expected DONE%s or LATER",
            c->what, step_name(step), step, is_entering ? "here" : "on the way back",
            is_entering ? ", PASS" : "");
    call_spend(c);
    x->failure = make_error(&x->memory, 500, "EGG_MISUSE", "a layer lost its call");
    x->phase = LEAVING;
    return true;
}

static bool enter(exchange *x) {
    layer *l = next_layer(x);
    if (l == NULL) {
        x->phase = LEAVING;
        return true;
    }
    x->chain->what = l->what;
    egg_call token = call_issue(x->chain, l->unit, true);
    return act(x, l->handler.handle(l->handler.instance, token), true);
}

static bool leave(exchange *x) {
    if (x->frame_count == 0) {
        x->phase = OVER;
        return true;
    }
    frame f = x->frames[--x->frame_count];
    x->chain->what = f.what;
    egg_call token = call_issue(x->chain, f.unit, false);
    arena lent;
    arena_begin(x->kit, &lent, "an outcome, lent to a resume function");
    egg_outcome *outcome = arena_alloc(&lent, sizeof *outcome, _Alignof(egg_outcome));
    outcome->size = sizeof *outcome;
    if (x->failure != NULL) {
        outcome->kind = EGG_OUTCOME_FAILED;
        outcome->error = arena_error(&lent, x->failure, NULL);
    } else if (x->cancelled && chance(x->kit, 2)) {
        outcome->kind = EGG_OUTCOME_CANCELLED;
    }
    x->failure = NULL;
    egg_step step = f.resume(token, f.state, outcome);
    arena_end(&lent, f.unit);
    return act(x, step, false);
}

static void drive(exchange *x) {
    x->driving = true;
    for (bool going = true; going;) {
        if (x->pending != NOTHING) {
            going = act(x, EGG_STEP_LATER, false);
            continue;
        }
        switch (x->phase) {
        case ENTERING: going = enter(x); break;
        case LEAVING: going = leave(x); break;
        default: going = false; break;
        }
    }
    x->driving = false;
    if (x->phase != OVER || x->chain_over) return;
    x->chain_over = true;
    send_answer(x);
    exchange_settle(x);
}

static void run_drive(kit *k, void *subject, void *extra) {
    exchange *x = subject;
    (void)k, (void)extra;
    x->queued = false;
    if (!x->chain_over) drive(x);
}

/* ---- contexts -------------------------------------------------------------------------- */

exchange *exchange_new(kit *k, context_kind kind, unit *u) {
    exchange *x = must_alloc(sizeof *x);
    x->kit = k;
    x->kind = kind;
    x->unit = u;
    x->file = -1;
    x->next = k->exchanges;
    k->exchanges = x;
    arena_begin(k, &x->memory, "the memory of a request");
    arena_begin(k, &x->kept, "the kit's copy of an answer");
    x->head.size = sizeof x->head;
    x->head.version = 11;
    x->head.method = str("GET");
    x->head.target = x->head.path = str("/");
    x->head.query = str("");
    x->head.host = str("localhost");
    x->head.remote_address = str("127.0.0.1");
    x->head.remote_port = 40000;
    x->head.local_port = 7001;
    x->head.started_ms = 1700000000000 + (int64_t)(k->now_ns / 1000000);
    x->head.started_ns = k->now_ns;
    if (kind != A_REQUEST) x->head.flags |= EGG_REQUEST_ANONYMOUS;
    if (kind == BACKGROUND) x->chain_over = x->ended = true;
    return x;
}

void exchange_start(exchange *x) {
    x->chain = call_take(x->kit, x, x->kit->test, FOR_CHAIN, "the chain");
    x->phase = ENTERING;
    drive(x);
}

void exchange_cancel(exchange *x) {
    kit *k = x->kit;
    if (x->cancelled || x->over) return;
    x->cancelled = true;
    for (size_t i = 0; i < k->calls_count; i++) {
        call *c = k->calls[i];
        if (!c->held || c->context != x || c->hook == NULL) continue;
        void (*hook)(void *) = c->hook;
        c->hook = NULL;
        uint64_t before = c->generation;
        hook(c->hook_state);
        if (c->generation != before)
            finding(k, c->holder,
                    "%s: its cancel hook settled the call; a hook tells the holder to hurry, "
                    "and the holder settles",
                    c->what);
    }
}

/* What a test reads afterwards, out of the memory that is about to end. */
static void keep(exchange *x) {
    for (size_t i = 0; i < x->headers.count; i++) {
        x->headers.items[i].name = arena_text(&x->kept, x->headers.items[i].name);
        x->headers.items[i].value = arena_text(&x->kept, x->headers.items[i].value);
    }
    for (size_t i = 0; i < x->state_count; i++) {
        x->state[i].key = arena_text(&x->kept, x->state[i].key);
        arena_value(&x->kept, &x->state[i].value, &x->state[i].value, &x->kit->objects);
    }
    x->body_bytes = (egg_str){"", 0};
}

void exchange_settle(exchange *x) {
    if (x->over || !x->chain_over || x->holds > 0) return;
    if (x->kind == A_REQUEST && !x->ended && !x->upgraded) return;
    x->over = true;
    for (size_t i = x->local_count; i > 0; i--) {
        local_slot slot = x->locals[i - 1];
        if (slot.release != NULL) slot.release(slot.value);
    }
    x->local_count = 0;
    response_release(x);
    keep(x);
    if (x->chain != NULL) {
        call_give_back(x->chain);
        x->chain = NULL;
    }
    objects_release(&x->objects);
    arena_end(&x->memory, x->unit);
}

/* ---- methods and phases ------------------------------------------------------------------ */

/* What a result is kept through: the arena must be at hand when it comes. */
typedef struct keeper {
    kit *kit;
    egg_testkit_result *result;
} keeper;

void keep_result(void *state, const egg_outcome *outcome) {
    keeper *keeper = state;
    kit *k = keeper->kit;
    egg_testkit_result *result = keeper->result;
    result->settled = true;
    result->kind = outcome->kind;
    arena_value(&k->memory, &outcome->value, &result->value, &k->objects);
    if (outcome->error == NULL) return;
    result->http_status = outcome->error->http_status;
    result->code = arena_cstring(&k->memory, outcome->error->code);
    result->message = arena_cstring(&k->memory, outcome->error->message);
}

void *make_keeper(kit *k, egg_testkit_result **result) {
    keeper *keeper = arena_alloc(&k->memory, sizeof *keeper, 8);
    *result = arena_alloc(&k->memory, sizeof **result, 8);
    if (keeper == NULL || *result == NULL) abort();
    keeper->kit = k;
    keeper->result = *result;
    return keeper;
}

const egg_testkit_result *begin(unit *u, const char *what, begin_body body, void *context) {
    kit *k = u->kit;
    exchange *x = exchange_new(k, BACKGROUND, u);
    egg_testkit_result *result;
    call *c = call_take(k, x, u, FOR_PHASE, what);
    c->done = keep_result;
    c->done_state = make_keeper(k, &result);
    x->holds = 1;
    egg_call token = call_issue(c, u, false);
    egg_step step = body(u, token, context);
    bool spent = !c->held || c->generation != token.token >> 20;
    if (spent) {
        if (step != EGG_STEP_LATER && step != EGG_STEP_STALE)
            finding(k, u, "%s: returned %s after settling its call", what, step_name(step));
    } else if (step == EGG_STEP_DONE) {
        settle(c, FINISHED);
    } else if (step != EGG_STEP_LATER) {
        finding(k, u, "%s: returned %s (%d); expected DONE or LATER", what, step_name(step), step);
        c->failure = make_error(&x->memory, 500, "EGG_MISUSE", "returned an unknown step");
        settle(c, FAILED);
    }
    egg_testkit_run(k);
    return result;
}

/* A task: begins a method that was invoked in an earlier function. */
void start_method(kit *k, void *subject, void *extra) {
    call *c = subject;
    exchange *x = c->context;
    (void)extra;
    arena lent;
    arena_begin(k, &lent, "the arguments of a method");
    egg_value *args = NULL;
    uint32_t count = c->count;
    if (count > 0) {
        args = arena_alloc(&lent, count * sizeof *args, _Alignof(egg_value));
        for (uint32_t i = 0; i < count; i++) arena_value(&lent, &c->args[i], &args[i], NULL);
    }
    egg_value result = {0};
    egg_call token = call_issue(c, c->holder, false);
    egg_step step;
    if (c->object != NULL)
        step = c->object->ops->invoke(c->object, token, c->object_method, args, count, &result);
    else
        step = c->method->invoke(c->method->self, token, args, count, &result);
    bool spent = !c->held || c->generation != token.token >> 20;
    if (spent) {
        if (step != EGG_STEP_LATER && step != EGG_STEP_STALE)
            finding(k, c->holder, "%s: returned %s after settling its call", c->what,
                    step_name(step));
    } else if (step == EGG_STEP_DONE) {
        if (arena_value(&x->memory, &result, &c->result, &x->objects) != EGG_OK) {
            finding(k, c->holder, "%s: its result has a missing pointer or too many levels",
                    c->what);
            c->failure = make_error(&x->memory, 500, "EGG_BAD_VALUE", "an unreadable result");
        }
        settle(c, FINISHED);
    } else if (step == EGG_STEP_LATER) {
        if (c->method != NULL && (c->method->flags & EGG_METHOD_IMMEDIATE) != 0)
            finding(k, c->holder, "%s: promised to be immediate and returned LATER", c->what);
        if (chance(k, 8)) exchange_cancel(x);
    } else {
        finding(k, c->holder, "%s: returned %s (%d); expected DONE or LATER", c->what,
                step_name(step), step);
        c->failure = make_error(&x->memory, 500, "EGG_MISUSE", "returned an unknown step");
        settle(c, FAILED);
    }
    arena_end(&lent, c->holder);
}
