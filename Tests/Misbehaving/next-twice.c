/* Runs the rest of the chain twice. */
#include "misbehaving.h"

static egg_step again(egg_call call, void *state, const egg_outcome *outcome) {
    bad *self = state;
    (void)outcome;
    note(self, "next_in_resume", self->host->next(self->host, call, again, self));
    return answer(self, call);
}

static egg_step misbehave(bad *self, egg_call call) {
    const egg_host *h = self->host;
    egg_step first = h->next(h, call, again, self);
    note(self, "next", h->next(h, call, again, self));
    return first;
}
