/*
 * egg_process.h - "egg.process/1": what a unit tells about the health of its
 * process, and the identity of a request across processes.
 */
#ifndef EGG_PROCESS_H
#define EGG_PROCESS_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_PROCESS_ID "egg.process/1"

/* A reason why requests should or should not be sent to this process. */
typedef struct egg_readiness {
    uint32_t size;
    uint32_t flags;
    const char *EGG_FILL_IN name; /* shown at /-/ready: "mysql" */
    void *EGG_NULLABLE self;
    /* Asked at each look at /-/ready. Settled with success: ready. Failed: not ready,
     * with the error's message for the log. */
    egg_step (*EGG_FILL_IN check)(void *EGG_NULLABLE self, egg_call call);
} egg_readiness;

typedef struct egg_process {
    uint32_t size;
    uint32_t flags;
    egg_status (*add_readiness)(const egg_host *h, const egg_readiness *item);
    /* W3C Trace Context. The request's trace: the client's `traceparent` when it sent a
     * valid one, otherwise a new trace. `trace_id` is 32 and `span_id` 16 hexadecimal
     * digits; `parent` is the header for requests that are made on behalf of this one.
     * All three live as long as the call; NULL where it is not wanted. */
    egg_status (*trace)(const egg_host *h, egg_call call, egg_str *EGG_NULLABLE trace_id,
                        egg_str *EGG_NULLABLE span_id, egg_str *EGG_NULLABLE parent);
    /* Asks the master to replace the workers by new ones, one after the other.
     * EGG_E_UNSUPPORTED without a master. */
    egg_status (*reload)(const egg_host *h, egg_str reason);
} egg_process;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_readiness) == 32, "egg_readiness");
EGG_STATIC_ASSERT(sizeof(egg_process) == 32, "egg_process");

#ifdef __cplusplus
}
#endif

#endif /* EGG_PROCESS_H */
