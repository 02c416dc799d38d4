/* Returns a step that does not exist. */
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) {
    (void)self, (void)call;
    return 42;
}
