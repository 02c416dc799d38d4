/*
 * egg_loop.h - "egg.loop/1": time, descriptors, threads.
 *
 * Tokens (timers, watches) are zero when there is none and stale after their end;
 * using a stale one is EGG_E_STALE, never a crash.
 */
#ifndef EGG_LOOP_H
#define EGG_LOOP_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_LOOP_ID "egg.loop/1"

enum { EGG_WATCH_READ = 1u << 0, EGG_WATCH_WRITE = 1u << 1, EGG_WATCH_CLOSED = 1u << 2 };

typedef struct egg_loop {
    uint32_t size;
    uint32_t flags;
    /* Monotonic nanoseconds, as of the start of this turn of the loop. */
    uint64_t (*now_ns)(const egg_host *h);
    /* Fires once after `delay_ms`, then every `repeat_ms` unless that is 0. */
    egg_status (*timer)(const egg_host *h, uint64_t delay_ms, uint64_t repeat_ms,
                        void (*fire)(void *EGG_NULLABLE state), void *EGG_NULLABLE state,
                        uint64_t *token);
    egg_status (*cancel_timer)(const egg_host *h, uint64_t token);
    /* Level-triggered. `events` are EGG_WATCH_*; CLOSED is always reported. */
    egg_status (*watch)(const egg_host *h, int fd, uint32_t events,
                        void (*ready)(void *EGG_NULLABLE state, uint32_t events),
                        void *EGG_NULLABLE state, uint64_t *token);
    egg_status (*change_watch)(const egg_host *h, uint64_t token, uint32_t events);
    /* Before the descriptor is closed. */
    egg_status (*unwatch)(const egg_host *h, uint64_t token);
    /* Runs `job` on the loop's thread, in the order of posting. [any] */
    egg_status (*post)(const egg_host *h, void (*job)(void *EGG_NULLABLE state),
                       void *EGG_NULLABLE state);
    /* Runs `work` on a thread that may block, then `done` on the loop's. `work`
     * answers EGG_OK or a status that makes the outcome FAILED. EGG_E_LIMIT: the
     * pool's queue is full, and nothing runs. */
    egg_status (*offload)(const egg_host *h, egg_status (*work)(void *EGG_NULLABLE state),
                          egg_done done, void *EGG_NULLABLE state);
} egg_loop;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_loop) == 72, "egg_loop");

#ifdef __cplusplus
}
#endif

#endif /* EGG_LOOP_H */
