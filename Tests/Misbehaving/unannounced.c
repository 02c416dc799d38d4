/* Registers what the manifest is silent about. */
#define WRONG_AT_BOOT
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

static egg_status get(void *self, egg_call call, egg_value *out) {
    (void)self, (void)call;
    *out = (egg_value){.kind = EGG_NULL};
    return EGG_OK;
}

static egg_step misbehave_at_boot(bad *self, egg_phase phase, egg_call call) {
    (void)call;
    const egg_host *h = self->host;
    if (phase == EGG_PHASE_REGISTER) {
        egg_middleware middleware = {.size = sizeof middleware, .name = "secret", .self = self,
                                     .handle = handle};
        egg_property property = {.size = sizeof property, .target = EGG_ON_CONTEXT,
                                 .name = "secret", .self = self, .get = get};
        note(self, "middleware", h->add_middleware(h, &middleware));
        note(self, "property", h->add_property(h, &property));
        note(self, "publish", h->publish(h, "com.example.secret/1", self));
        note(self, "publish_egg", h->publish(h, "egg.http/1", self));
    }
    if (phase == EGG_PHASE_LOAD) {
        const egg_router *router = h->query(h, EGG_ROUTER_ID);
        egg_handler handler = {self, handle};
        egg_route route = {.size = sizeof route, .methods = TEXT("GET"),
                           .path = TEXT("/elsewhere"), .handler_count = 1, .handlers = &handler};
        egg_str message = {"", 0};
        note(self, "route", router->add_route(h, &route, &message));
    }
    return EGG_STEP_DONE;
}
