/* Tokens that nobody gave it. */
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) {
    const egg_host *h = self->host;
    const egg_loop *loop = h->query(h, EGG_LOOP_ID);
    const egg_upgrade *upgrade = h->query(h, EGG_UPGRADE_ID);
    const uint64_t tokens[] = {0, 1, UINT64_MAX, 0x123456789ABCDEF};
    for (int i = 0; i < 4; i++) {
        egg_value out;
        note(self, "finish", h->finish(h, (egg_call){tokens[i]}, NULL));
        note(self, "invoke", h->get(h, call, (egg_member){tokens[i]}, &out));
        note(self, "timer", loop->cancel_timer(h, tokens[i]));
        note(self, "watch", loop->unwatch(h, tokens[i]));
        note(self, "stream", self->http->stream_write(h, tokens[i], TEXT("x")));
        note(self, "write", upgrade->write(h, tokens[i], TEXT("x")));
    }
    return answer(self, call);
}
