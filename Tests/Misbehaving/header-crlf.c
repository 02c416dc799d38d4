/* Tries to smuggle header lines and bad names into the answer. */
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) {
    const egg_host *h = self->host;
    const egg_http *http = self->http;
    note(self, "crlf", http->set_header(h, call, TEXT("x-a"), TEXT("b\r\nx-evil: 1")));
    note(self, "lf", http->add_header(h, call, TEXT("x-a"), TEXT("b\nx-evil: 1")));
    note(self, "nul", http->set_header(h, call, TEXT("x-a"), TEXT("b\0c")));
    note(self, "name", http->set_header(h, call, TEXT("x-a: 1\r\nx-evil"), TEXT("1")));
    note(self, "blank", http->set_header(h, call, TEXT("x a"), TEXT("1")));
    note(self, "empty", http->set_header(h, call, TEXT(""), TEXT("1")));
    note(self, "status", http->set_status(h, call, 42));
    note(self, "kind", http->set_response(h, call, 77, TEXT("x")));
    return answer(self, call);
}
