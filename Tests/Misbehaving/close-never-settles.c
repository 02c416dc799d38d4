/* The phase that ends it keeps its call and forgets it. */
#define WRONG_AT_BOOT
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

static egg_step misbehave_at_boot(bad *self, egg_phase phase, egg_call call) {
    (void)self, (void)call;
    return phase == EGG_PHASE_BEFORE_CLOSE ? EGG_STEP_LATER : EGG_STEP_DONE;
}
