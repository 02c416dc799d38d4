/* Values that are too deep or too large, given to the host and returned by a method. */
#define WRONG_AT_BOOT
#define MANIFEST_PROVIDES ", \"application\": [\"misbehave\"]"
#include "misbehaving.h"

enum { LEVELS = 100000 };
static egg_value levels[LEVELS];

static egg_value deep(void) {
    for (int i = 0; i + 1 < LEVELS; i++)
        levels[i] = (egg_value){.kind = EGG_LIST, .count = 1, .as.items = &levels[i + 1]};
    return levels[0];
}

/* A list that contains itself. */
static egg_value endless(void) {
    static egg_value self;
    self = (egg_value){.kind = EGG_LIST, .count = 1, .as.items = &self};
    return self;
}

/* The same 1000 values 1000 times, 1000 times over: a billion after copying. */
static egg_value wide(void) {
    static egg_value inner[1000], middle[1000], outer[1000];
    for (int i = 0; i < 1000; i++) {
        inner[i] = (egg_value){.kind = EGG_INT, .as.integer = i};
        middle[i] = (egg_value){.kind = EGG_LIST, .count = 1000, .as.items = inner};
        outer[i] = (egg_value){.kind = EGG_LIST, .count = 1000, .as.items = middle};
    }
    return (egg_value){.kind = EGG_LIST, .count = 1000, .as.items = outer};
}

static egg_step returns_it(void *self, egg_call call, const egg_value *args, uint32_t count,
                           egg_value *result) {
    (void)self, (void)call, (void)args, (void)count;
    *result = deep();
    return EGG_STEP_DONE;
}

static egg_step misbehave_at_boot(bad *self, egg_phase phase, egg_call call) {
    (void)call;
    if (phase != EGG_PHASE_REGISTER) return EGG_STEP_DONE;
    egg_method method = {.size = sizeof method, .target = EGG_ON_APPLICATION,
                         .name = "misbehave", .self = self, .invoke = returns_it};
    note(self, "add_method", self->host->add_method(self->host, &method));
    return EGG_STEP_DONE;
}

typedef struct wait {
    bad *self;
    egg_call call;
} wait;

static void returned(void *state, const egg_outcome *outcome) {
    wait *w = state;
    bad *self = w->self;
    note(self, "outcome", outcome->kind);
    answer(self, w->call);
    self->host->finish(self->host, w->call, NULL);
    free(w);
}

static egg_step misbehave(bad *self, egg_call call) {
    const egg_host *h = self->host;
    egg_value value = deep(), out;
    note(self, "deep", h->set_state(h, call, TEXT("deep"), &value));
    value = endless();
    note(self, "endless", h->copy(h, call, &value, &out));
    value = (egg_value){.kind = EGG_STRING, .count = UINT32_MAX, .as.string = NULL};
    note(self, "long", h->set_state(h, call, TEXT("long"), &value));
    value = wide();
    note(self, "wide", h->copy(h, call, &value, &out));
    note(self, "alloc", h->alloc(h, call, (size_t)1 << 62, 8) != NULL);
    egg_member member;
    wait *w = malloc(sizeof *w);
    *w = (wait){self, call};
    note(self, "resolve", h->resolve(h, EGG_ON_APPLICATION, TEXT("misbehave"), &member));
    egg_status status = h->invoke(h, call, member, NULL, 0, returned, w);
    note(self, "invoke", status);
    if (status == EGG_OK) return EGG_STEP_LATER;
    free(w);
    return answer(self, call);
}
