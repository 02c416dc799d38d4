/* Registers tables whose functions or names are missing, or that have no size. */
#define WRONG_AT_BOOT
#define MANIFEST_PROVIDES ", \"application\": [\"misbehave\"]"
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

static egg_step misbehave_at_boot(bad *self, egg_phase phase, egg_call call) {
    (void)call;
    if (phase != EGG_PHASE_REGISTER) return EGG_STEP_DONE;
    const egg_host *h = self->host;
    egg_middleware no_handle = {.size = sizeof no_handle, .name = ID};
    egg_middleware no_name = {.size = sizeof no_name, .handle = handle};
    egg_middleware no_size = {.name = ID, .handle = handle};
    egg_method no_invoke = {.size = sizeof no_invoke, .target = EGG_ON_APPLICATION,
                            .name = "misbehave"};
    egg_property no_get = {.size = sizeof no_get, .target = EGG_ON_APPLICATION,
                           .name = "misbehave"};
    egg_directory no_loaded = {.size = sizeof no_loaded, .path = "app/x", .match = "*"};
    note(self, "no_handle", h->add_middleware(h, &no_handle));
    note(self, "no_name", h->add_middleware(h, &no_name));
    note(self, "no_size", h->add_middleware(h, &no_size));
    note(self, "no_invoke", h->add_method(h, &no_invoke));
    note(self, "no_get", h->add_property(h, &no_get));
    note(self, "no_loaded", h->add_directory(h, &no_loaded));
    return EGG_STEP_DONE;
}
