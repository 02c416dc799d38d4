/* Settles with an error and then returns DONE, as if nothing had been settled. */
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) {
    egg_error error = {.size = sizeof error, .http_status = 418, .flags = EGG_ERROR_EXPOSE,
                       .code = TEXT("TEAPOT"), .message = TEXT("short and stout")};
    self->host->fail(self->host, call, &error);
    return EGG_STEP_DONE;
}
