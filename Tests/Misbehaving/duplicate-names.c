/* Registers the same names twice. */
#define WRONG_AT_BOOT
#define MANIFEST_PROVIDES ", \"application\": [\"misbehave\"]"
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

static egg_status get(void *self, egg_call call, egg_value *out) {
    (void)self, (void)call;
    *out = (egg_value){.kind = EGG_NULL};
    return EGG_OK;
}

static egg_step misbehave_at_boot(bad *self, egg_phase phase, egg_call call) {
    (void)call;
    if (phase != EGG_PHASE_REGISTER) return EGG_STEP_DONE;
    const egg_host *h = self->host;
    egg_middleware middleware = {.size = sizeof middleware, .name = ID, .self = self,
                                 .handle = handle};
    egg_property property = {.size = sizeof property, .target = EGG_ON_APPLICATION,
                             .name = "misbehave", .self = self, .get = get};
    note(self, "again", h->add_middleware(h, &middleware));
    note(self, "property", h->add_property(h, &property));
    note(self, "property_again", h->add_property(h, &property));
    return EGG_STEP_DONE;
}
