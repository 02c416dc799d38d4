/* Values and texts with a count and no pointer. */
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) {
    const egg_host *h = self->host;
    const egg_http *http = self->http;
    const egg_kind kinds[] = {EGG_STRING, EGG_BYTES, EGG_LIST, EGG_MAP, EGG_OBJECT};
    const char *const names[] = {"string", "bytes", "list", "map", "object"};
    for (int i = 0; i < 5; i++) {
        egg_value value = {.kind = kinds[i], .count = 5};
        note(self, names[i], h->set_state(h, call, TEXT("x"), &value));
    }
    egg_pair pair = {{NULL, 9}, {.kind = EGG_NULL}};
    egg_value map = {.kind = EGG_MAP, .count = 1, .as.pairs = &pair};
    note(self, "key", h->set_state(h, call, TEXT("x"), &map));
    note(self, "name", h->set_state(h, call, (egg_str){NULL, 3}, &map));
    note(self, "header", http->set_header(h, call, TEXT("x-a"), (egg_str){NULL, 3}));
    note(self, "body", http->set_response(h, call, EGG_BODY_TEXT, (egg_str){NULL, 3}));
    note(self, "payload",
         http->set_response_payload(h, call, EGG_BODY_BYTES, (egg_payload){NULL, 3, NULL, NULL}));
    h->log(h, call, EGG_LOG_INFO, (egg_str){NULL, 3}, NULL);
    return answer(self, call);
}
