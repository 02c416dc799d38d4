/* Registers structs of a later minor: zero beyond what is known is fine, a set field
 * is not. */
#define WRONG_AT_BOOT
#define MANIFEST_PROVIDES ", \"application\": [\"misbehave\"]"
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

static egg_step nothing(void *self, egg_call call, const egg_value *args, uint32_t count,
                        egg_value *result) {
    (void)self, (void)call, (void)args, (void)count, (void)result;
    return EGG_STEP_DONE;
}

static egg_step misbehave_at_boot(bad *self, egg_phase phase, egg_call call) {
    (void)call;
    if (phase != EGG_PHASE_REGISTER) return EGG_STEP_DONE;
    struct {
        egg_method known;
        uint64_t later;
    } table = {.known = {.size = sizeof table, .target = EGG_ON_APPLICATION,
                         .name = "misbehave", .self = self, .invoke = nothing},
               .later = 7};
    note(self, "set", self->host->add_method(self->host, &table.known));
    table.later = 0;
    note(self, "zero", self->host->add_method(self->host, &table.known));
    return EGG_STEP_DONE;
}
