/* Keeps its call and forgets it. */
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) {
    (void)self, (void)call;
    return EGG_STEP_LATER;
}
