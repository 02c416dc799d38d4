/* A phase fails with an error of its own. */
#define WRONG_AT_BOOT
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

static egg_step misbehave_at_boot(bad *self, egg_phase phase, egg_call call) {
    if (phase != EGG_PHASE_DID_LOAD) return EGG_STEP_DONE;
    egg_error error = {.size = sizeof error, .code = TEXT("NO_DATABASE"),
                       .message = TEXT("the database does not answer"),
                       .detail = TEXT("connect 127.0.0.1:3306")};
    return self->host->fail(self->host, call, &error);
}
