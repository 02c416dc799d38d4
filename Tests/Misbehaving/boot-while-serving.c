/* Calls what is for boot while the application serves. */
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) {
    const egg_host *h = self->host;
    egg_middleware middleware = {.size = sizeof middleware, .name = ID, .self = self,
                                 .handle = handle};
    egg_value value = {.kind = EGG_INT, .as.integer = 1};
    egg_handler made;
    note(self, "add_middleware", h->add_middleware(h, &middleware));
    note(self, "publish", h->publish(h, "com.example.late/1", self));
    note(self, "set_config", h->set_config(h, TEXT("late"), &value, TEXT("a request")));
    note(self, "make_middleware", h->make_middleware(h, TEXT(ID), NULL, &made));
    const egg_router *router = h->query(h, EGG_ROUTER_ID);
    egg_handler handler = {self, handle};
    egg_route route = {.size = sizeof route, .methods = TEXT("GET"), .path = TEXT("/late"),
                       .handler_count = 1, .handlers = &handler};
    egg_str message = {"", 0};
    note(self, "add_route", router->add_route(h, &route, &message));
    return answer(self, call);
}
