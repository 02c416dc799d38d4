/* Heads, statuses, failures. */
#include "probe.h"

static egg_step hello(void *self, egg_call call) {
    (void)self;
    return answer(call, "hello");
}

static egg_step seen(void *self, egg_call call) {
    char text[2048];
    egg_request request = SIZED(egg_request);
    (void)self;
    http->request(host, call, &request);
    snprintf(text, sizeof text, "%.*s|%.*s|%.*s|%.*s|%.*s|%u|%lld", (int)request.method.len,
             request.method.ptr, (int)request.target.len, request.target.ptr,
             (int)request.path.len, request.path.ptr, (int)request.query.len, request.query.ptr,
             (int)request.host.len, request.host.ptr, request.version,
             (long long)request.body_length);
    return answer(call, text);
}

/* Status `code`; `x-body` says what else: "text", "null", or nothing. */
static egg_step status(void *self, egg_call call) {
    egg_str body = header(call, "x-body");
    egg_str length = header(call, "x-length");
    (void)self;
    if (body.len == 4 && memcmp(body.ptr, "text", 4) == 0) answer(call, "a body");
    if (body.len == 4 && memcmp(body.ptr, "null", 4) == 0)
        http->set_response(host, call, EGG_BODY_NULL, (egg_str){0});
    if (length.len > 0) http->set_header(host, call, TEXT("Content-Length"), length);
    if (param_number(call, "code") > 0)
        http->set_status(host, call, (int32_t)param_number(call, "code"));
    return EGG_STEP_DONE;
}

static egg_step kind(void *self, egg_call call) {
    egg_str name = {0};
    (void)self;
    http->param(host, call, TEXT("kind"), &name);
    switch (name.len > 0 ? name.ptr[0] : 0) {
    case 'j': http->set_response(host, call, EGG_BODY_JSON, TEXT("{\"a\":1}")); break;
    case 'h': http->set_response(host, call, EGG_BODY_TEXT, TEXT(" <p>x</p>")); break;
    case 't': http->set_response(host, call, EGG_BODY_TEXT, TEXT("x")); break;
    case 'b': http->set_response(host, call, EGG_BODY_BYTES, TEXT("x")); break;
    case 'e': http->set_response(host, call, EGG_BODY_TEXT, TEXT("")); break;
    case 'n': http->set_response(host, call, EGG_BODY_NULL, TEXT("")); break;
    }
    return EGG_STEP_DONE;
}

static egg_step headers(void *self, egg_call call) {
    char text[256], long_value[5000];
    egg_str kept = {0};
    int at = 0;
    (void)self;
    egg_status refused[] = {
        http->set_header(host, call, TEXT("X-A"), TEXT("a\r\nX-Evil: 1")),
        http->set_header(host, call, TEXT("X-A\r\nX-Evil"), TEXT("1")),
        http->add_header(host, call, TEXT("X-A"), TEXT("a\nb")),
        http->set_header(host, call, TEXT("X-A"), (egg_str){"a\0b", 3}),
        http->set_header(host, call, TEXT(""), TEXT("a")),
        http->set_header(host, call, TEXT("X A"), TEXT("a")),
    };
    http->add_header(host, call, TEXT("X-Two"), TEXT("1"));
    http->add_header(host, call, TEXT("x-two"), TEXT("2"));
    http->set_header(host, call, TEXT("X-One"), TEXT("1"));
    http->set_header(host, call, TEXT("x-one"), TEXT("2"));
    http->set_header(host, call, TEXT("X-Gone"), TEXT("1"));
    http->remove_header(host, call, TEXT("x-GONE"));
    http->set_header(host, call, TEXT("Transfer-Encoding"), TEXT("chunked"));
    http->set_header(host, call, TEXT("Content-Length"), TEXT("3"));
    /* A view of the head itself, while that has to grow. */
    memset(long_value, 'v', sizeof long_value);
    http->set_header(host, call, TEXT("X-Long"), (egg_str){long_value, sizeof long_value});
    http->response_header(host, call, TEXT("X-Long"), 0, &kept);
    for (int i = 0; i < 6; i++) {
        http->response_header(host, call, TEXT("X-Long"), 0, &kept);
        http->add_header(host, call, TEXT("X-Copy"), kept);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%d ", refused[i]);
    return answer(call, text);
}

/* Sets and removes a header, which must not use anything up for later requests. */
static egg_step set_and_remove(void *self, egg_call call) {
    char value[2000];
    (void)self;
    memset(value, 'v', sizeof value);
    egg_status status =
        http->set_header(host, call, TEXT("X-Much"), (egg_str){value, sizeof value});
    http->remove_header(host, call, TEXT("X-Much"));
    return answer(call, status == EGG_OK ? "set" : "refused");
}

/* Fails with `x-status`, exposed with `x-expose`. */
static egg_step failure(void *self, egg_call call) {
    egg_error error = SIZED(egg_error);
    egg_pair kept[] = {{TEXT("X-Kept"), {0}}, {TEXT("X-Bad"), {0}}};
    egg_pair list[] = {{TEXT("headers"), {0}}};
    egg_value properties = {0};
    (void)self;
    http->set_header(host, call, TEXT("X-Lost"), TEXT("yes"));
    http->set_response(host, call, EGG_BODY_TEXT, TEXT("lost"));
    kept[0].value = (egg_value){.kind = EGG_STRING, .count = 3, .as.string = "yes"};
    kept[1].value = (egg_value){.kind = EGG_STRING, .count = 4, .as.string = "a\r\nb"};
    list[0].value = (egg_value){.kind = EGG_MAP, .count = 2, .as.pairs = kept};
    properties = (egg_value){.kind = EGG_MAP, .count = 1, .as.pairs = list};
    error.http_status = (int32_t)number(call, "x-status", 0);
    error.flags = number(call, "x-expose", 0) ? EGG_ERROR_EXPOSE : 0;
    error.code = TEXT("E_PROBE");
    error.message = TEXT("it's <broken>");
    error.detail = TEXT("secret detail");
    error.properties = &properties;
    return host->fail(host, call, &error);
}

void add_response_routes(void) {
    route("GET", "/hello", hello);
    route("GET,POST,PUT,DELETE", "/seen", seen);
    route("GET", "/status/:code", status);
    route("GET", "/kind/:kind", kind);
    route("GET", "/headers", headers);
    route("GET", "/set-and-remove", set_and_remove);
    route("GET", "/failure", failure);
}
