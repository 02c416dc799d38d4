/* Uses the host from another thread without asking for the way back. */
#include "misbehaving.h"

#include <pthread.h>

typedef struct job {
    bad *self;
    egg_call call;
} job;

static void *elsewhere(void *state) {
    job *j = state;
    bad *self = j->self;
    const egg_host *h = self->host;
    egg_value value;
    note(self, "finish", h->finish(h, j->call, NULL));
    note(self, "next", h->next(h, j->call, NULL, NULL));
    note(self, "set_status", self->http->set_status(h, j->call, 500));
    note(self, "config", h->config(h, TEXT(""), &value));
    note(self, "alloc", h->alloc(h, j->call, 8, 8) != NULL);
    return NULL;
}

static egg_step misbehave(bad *self, egg_call call) {
    job j = {self, call};
    pthread_t thread;
    if (pthread_create(&thread, NULL, elsewhere, &j) == 0) pthread_join(thread, NULL);
    return answer(self, call);
}
