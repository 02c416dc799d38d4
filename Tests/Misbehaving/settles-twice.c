/* Settles its call twice, then uses it once more. */
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) {
    const egg_host *h = self->host;
    self->http->set_response(h, call, EGG_BODY_TEXT, TEXT("settled"));
    egg_step first = h->finish(h, call, NULL);
    note(self, "finish", h->finish(h, call, NULL));
    note(self, "next", h->next(h, call, NULL, NULL));
    note(self, "set_status", self->http->set_status(h, call, 500));
    note(self, "alloc", h->alloc(h, call, 8, 8) != NULL);
    h->log(h, (egg_call){0}, EGG_LOG_INFO, (egg_str){self->report, strlen(self->report)}, NULL);
    return first;
}
