/*
 * egg_http.h - "egg.http/1": the request and response of a call.
 *
 * Every function is [loop] and takes a live call of a request; EGG_E_STALE when
 * it was spent. An anonymous context (egg_app.context_create) answers too: its
 * request is made up and its response goes nowhere.
 */
#ifndef EGG_HTTP_H
#define EGG_HTTP_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_HTTP_ID "egg.http/1"

/* Views into the request head; valid until the request ends. */
typedef struct egg_request {
    uint32_t size;
    uint32_t version; /* 10 or 11 */
    egg_str method;   /* "GET" */
    egg_str target;   /* as sent, the scheme and host of an absolute form cut */
    egg_str path;     /* of the target, not percent-decoded */
    egg_str query;    /* without "?" */
    egg_str host;     /* of the target or the Host field */
    egg_str remote_address; /* "203.0.113.7" or "::1"; "" on a Unix socket */
    uint32_t remote_port;
    uint32_t local_port;
    uint32_t header_count;
    uint32_t flags;        /* EGG_REQUEST_* */
    int64_t started_ms;    /* wall clock, since 1970 */
    uint64_t started_ns;   /* egg_loop.now_ns */
    int64_t body_length;   /* bytes; -1 chunked; 0 none */
} egg_request;

enum {
    EGG_REQUEST_SECURE = 1u << 0,    /* came over TLS */
    EGG_REQUEST_ANONYMOUS = 1u << 1, /* made by egg_app.context_create */
    EGG_REQUEST_UPGRADE = 1u << 2    /* asks to upgrade the connection */
};

typedef int32_t egg_body_kind;
enum {
    EGG_BODY_UNSET = 0,  /* nobody set one: 404 unless a status was set */
    EGG_BODY_NULL = 1,   /* set to nothing: 204 unless a status was set */
    EGG_BODY_TEXT = 2,   /* UTF-8; text/html when it starts with "<" */
    EGG_BODY_BYTES = 3,  /* application/octet-stream */
    EGG_BODY_JSON = 4,   /* JSON text; application/json */
    EGG_BODY_STREAM = 5, /* application/octet-stream, chunked or of known length */
    EGG_BODY_FILE = 6    /* a piece of an open file, sent by the kernel */
};

/* A response body that is produced over time. The kernel calls `start` once the
 * head is about to be sent. Exactly one `closed` follows, whether or not `start`
 * ran; it is the place to free `self`. Between the two, use egg_http.stream_*. */
typedef struct egg_stream_source {
    uint32_t size;
    uint32_t flags;
    int64_t length; /* bytes, or -1: chunked */
    void *EGG_NULLABLE self;
    void (*EGG_FILL_IN start)(void *EGG_NULLABLE self, uint64_t stream);
    /* After a write answered EGG_E_AGAIN: what was queued has been sent. */
    void (*EGG_NULLABLE writable)(void *EGG_NULLABLE self, uint64_t stream);
    /* `complete`: stream_end was called and everything was sent. */
    void (*EGG_FILL_IN closed)(void *EGG_NULLABLE self, bool complete);
} egg_stream_source;

/* Reads what the producer of a stream writes after `take_stream`. */
typedef struct egg_stream_sink {
    uint32_t size;
    uint32_t flags;
    void *EGG_NULLABLE self;
    /* The next piece, valid until it returns. EGG_E_AGAIN: taken, but the producer is to
     * wait for `stream_resume`. Another status but EGG_OK: nothing more is wanted. */
    egg_status (*EGG_FILL_IN write)(void *EGG_NULLABLE self, egg_str bytes);
    /* The producer's last word. Not `complete`: it gave up. */
    void (*EGG_FILL_IN ended)(void *EGG_NULLABLE self, bool complete);
} egg_stream_sink;

typedef struct egg_http {
    uint32_t size;
    uint32_t flags;

    /* -- request ------------------------------------------------------------ */
    /* Fill in out->size first. */
    egg_status (*request)(const egg_host *h, egg_call call, egg_request *out);
    /* Case-insensitive; `nth` from 0: a field that occurs twice is two entries. */
    egg_status (*header)(const egg_host *h, egg_call call, egg_str name, uint32_t nth,
                         egg_str *out);
    egg_status (*header_at)(const egg_host *h, egg_call call, uint32_t index, egg_str *name,
                            egg_str *value);
    /* Of the matched route, percent-decoded; a malformed escape stays raw. */
    egg_status (*param)(const egg_host *h, egg_call call, egg_str name, egg_str *out);
    egg_status (*param_at)(const egg_host *h, egg_call call, uint32_t index, egg_str *name,
                           egg_str *value);
    /* Name and pattern of the route that runs; empty before the router. */
    egg_status (*route)(const egg_host *h, egg_call call, egg_str *name, egg_str *pattern);
    /* What the body parser or a plugin stored; an empty MAP when there is none. */
    egg_status (*body)(const egg_host *h, egg_call call, egg_value *out);
    egg_status (*set_body)(const egg_host *h, egg_call call, const egg_value *value);
    /* The undecoded text that the body parser read; EGG_E_NOT_FOUND without. */
    egg_status (*raw_body)(const egg_host *h, egg_call call, egg_str *out);
    /* The whole body as BYTES, valid until the request ends. Over `limit`: FAILED
     * with http_status 413. Once per request, and not after read_some. */
    egg_status (*read_all)(const egg_host *h, egg_call call, size_t limit, egg_done done,
                           void *EGG_NULLABLE state);
    /* The next piece as BYTES, valid until `done` returns; UNDEFINED at the end.
     * Nothing more is taken from the client until the next read_some. */
    egg_status (*read_some)(const egg_host *h, egg_call call, egg_done done,
                            void *EGG_NULLABLE state);

    /* -- response ----------------------------------------------------------- */
    /* 404 until set or a body is. 100 to 999. */
    egg_status (*status)(const egg_host *h, egg_call call, int32_t *out);
    egg_status (*set_status)(const egg_host *h, egg_call call, int32_t code);
    egg_status (*response_header)(const egg_host *h, egg_call call, egg_str name, uint32_t nth,
                                  egg_str *out);
    /* CR, LF, NUL in name or value are EGG_E_ARGUMENT. Copies. */
    egg_status (*set_header)(const egg_host *h, egg_call call, egg_str name, egg_str value);
    egg_status (*add_header)(const egg_host *h, egg_call call, egg_str name, egg_str value);
    egg_status (*remove_header)(const egg_host *h, egg_call call, egg_str name);
    egg_status (*response_header_at)(const egg_host *h, egg_call call, uint32_t index,
                                     egg_str *name, egg_str *value);
    bool (*header_sent)(const egg_host *h, egg_call call);
    /* Replaces the body; a set_response_* is free to be called again by any layer.
     * NULL, TEXT, BYTES, JSON. Copies. */
    egg_status (*set_response)(const egg_host *h, egg_call call, egg_body_kind kind,
                               egg_str bytes);
    /* The same without a copy. */
    egg_status (*set_response_payload)(const egg_host *h, egg_call call, egg_body_kind kind,
                                       egg_payload payload);
    /* `fd` becomes the kernel's. A negative length is "to the end". */
    egg_status (*set_response_file)(const egg_host *h, egg_call call, int fd, int64_t offset,
                                    int64_t length);
    egg_status (*set_response_stream)(const egg_host *h, egg_call call,
                                      const egg_stream_source *source);
    /* `bytes` is empty for STREAM and FILE; valid until the body is replaced. */
    egg_status (*response)(const egg_host *h, egg_call call, egg_body_kind *kind,
                           egg_str *bytes);
    /* From now on the kernel sends nothing for this request when the chain ends;
     * for answers that were taken over (Koa's ctx.respond = false). */
    egg_status (*forget)(const egg_host *h, egg_call call);

    /* -- streams ------------------------------------------------------------ */
    /* Copies. EGG_E_AGAIN: taken, but wait for `writable`. EGG_E_STALE: the client
     * is gone or the stream has ended. */
    egg_status (*stream_write)(const egg_host *h, uint64_t stream, egg_str bytes);
    egg_status (*stream_write_payload)(const egg_host *h, uint64_t stream, egg_payload payload);
    egg_status (*stream_end)(const egg_host *h, uint64_t stream);
    /* Cuts the connection, so that the client sees an incomplete body. */
    egg_status (*stream_abort)(const egg_host *h, uint64_t stream);
    /* A client that ends its side before the answer is there counts as gone: the
     * request is cancelled, as it is when the connection breaks. For answers that may
     * be long in coming; without it such a client still gets its answer. */
    egg_status (*cancel_on_end)(const egg_host *h, egg_call call);

    /* -- more about the route ----------------------------------------------- */
    /* What group `index` of the running route's pattern caught, as it stands in the
     * path; empty when it took no part. EGG_E_NOT_FOUND past the last. */
    egg_status (*capture_at)(const egg_host *h, egg_call call, uint32_t index, egg_str *out);
    /* Every route whose pattern matches the path, whatever its methods, in the order
     * of registration. EGG_E_NOT_FOUND past the last, and before the router. */
    egg_status (*matched_at)(const egg_host *h, egg_call call, uint32_t index, egg_str *name,
                             egg_str *pattern);
    /* What the router is to look at instead of the request's path; begins with "/".
     * Copies. EGG_E_PHASE once the router has looked. */
    egg_status (*set_route_path)(const egg_host *h, egg_call call, egg_str path);

    /* -- bodies that another layer has set ------------------------------------ */
    /* Bytes of the body; -1: a stream that does not say. */
    egg_status (*response_length)(const egg_host *h, egg_call call, int64_t *out);
    /* Takes a FILE away: `fd` is the caller's, and there is no body until one is set.
     * EGG_E_NOT_FOUND: the body is no file. */
    egg_status (*take_response_file)(const egg_host *h, egg_call call, int *fd, int64_t *offset,
                                     int64_t *length);
    /* Takes a STREAM away: its producer writes to `sink` from the first stream_resume on,
     * and there is no body until one is set. EGG_E_NOT_FOUND: the body is no stream. */
    egg_status (*take_response_stream)(const egg_host *h, egg_call call,
                                       const egg_stream_sink *sink, uint64_t *taken);
    /* The producer begins, or goes on after EGG_E_AGAIN. */
    egg_status (*stream_resume)(const egg_host *h, uint64_t taken);
    /* The taker's last word, exactly once, whatever came before: the producer's `closed`
     * follows with `complete`, and `sink` is not called any more. */
    egg_status (*stream_drop)(const egg_host *h, uint64_t taken, bool complete);

    /* -- where something applies ------------------------------------------------ */
    /* `match` or `ignore` among `options`, in the forms that every middleware's have: a path
     * prefix, {"regexp": "^/v\\d", "flags": "i"}, {"context": "isInner"} for a property or an
     * immediate method of the context, or a list. `name` is where they stand, for messages:
     * "security.csrf". 0 in `filter`: neither is there. EGG_E_ARGUMENT: they make no sense,
     * and `message` says why, until the next call. Not once the application is ready. */
    egg_status (*path_filter)(const egg_host *h, egg_str name, const egg_value *options,
                              uint64_t *filter, egg_str *message);
    /* Whether it lets the request of a call through. 0 lets all through; so does a member
     * of the context that failed. */
    bool (*admits)(const egg_host *h, egg_call call, uint64_t filter);

    /* -- who asks ----------------------------------------------------------------- */
    /* The certificate of the client: a MAP of "subject", "issuer" (MAPs of "CN", "O", …;
     * what occurs twice is a LIST), "serialNumber" (hexadecimal), "fingerprint256"
     * ("AB:01:…"), "validFrom", "validTo" (ms since 1970), "raw" (DER), "authorized".
     * EGG_E_NOT_FOUND: it sent none, or there is no TLS. */
    egg_status (*peer_certificate)(const egg_host *h, egg_call call, egg_value *out);
} egg_http;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_request) == 144, "egg_request");
EGG_STATIC_ASSERT(sizeof(egg_stream_source) == 48, "egg_stream_source");
EGG_STATIC_ASSERT(sizeof(egg_stream_sink) == 32, "egg_stream_sink");
EGG_STATIC_ASSERT(sizeof(egg_http) == 336, "egg_http");

#ifdef __cplusplus
}
#endif

#endif /* EGG_HTTP_H */
