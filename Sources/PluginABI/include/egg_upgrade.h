/*
 * egg_upgrade.h - "egg.upgrade/1": a connection as a raw byte stream, and byte
 * buffers that many connections share.
 */
#ifndef EGG_UPGRADE_H
#define EGG_UPGRADE_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_UPGRADE_ID "egg.upgrade/1"

/* Immutable, reference-counted bytes. Opaque. */
typedef struct egg_buffer egg_buffer;

typedef int32_t egg_close_reason;
enum {
    EGG_CLOSED_BY_US = 0,    /* egg_upgrade.close */
    EGG_CLOSED_BY_PEER = 1,  /* end of stream, everything before it was delivered */
    EGG_CLOSED_RESET = 2,    /* error on the socket */
    EGG_CLOSED_TIMEOUT = 3,  /* nothing could be written for the configured time */
    EGG_CLOSED_SHUTDOWN = 4  /* the process ends */
};

typedef struct egg_connection_ops {
    uint32_t size;
    uint32_t flags;
    /* The head of the answer is on its way; `connection` is good until `closed`. */
    void (*EGG_NULLABLE opened)(void *EGG_NULLABLE self, uint64_t connection);
    /* Bytes from the peer, borrowed. All are taken; `pause` stops more. */
    void (*EGG_FILL_IN received)(void *EGG_NULLABLE self, uint64_t connection, egg_str bytes);
    /* After a write answered EGG_E_AGAIN: the queue has run low again. */
    void (*EGG_NULLABLE writable)(void *EGG_NULLABLE self, uint64_t connection);
    /* Exactly once, the last of all; also when `opened` never came. */
    void (*EGG_FILL_IN closed)(void *EGG_NULLABLE self, egg_close_reason reason);
} egg_connection_ops;

typedef struct egg_upgrade {
    uint32_t size;
    uint32_t flags;
    /* When the chain has unwound, the kernel sends the status (101 unless set) and
     * the headers that were set, and hands the stream over. `ops` is copied.
     * EGG_E_PHASE: the head is sent, or somebody has taken it already. */
    egg_status (*take)(const egg_host *h, egg_call call, const egg_connection_ops *ops,
                       void *EGG_NULLABLE self);
    /* Copies. EGG_E_AGAIN: taken, but wait for `writable` before sending more.
     * EGG_E_LIMIT: refused, more than the configured limit is waiting. Written at
     * the end of this turn of the loop, with everything else for the peer. */
    egg_status (*write)(const egg_host *h, uint64_t connection, egg_str bytes);
    /* The same bytes to many: no copy, one reference each. */
    egg_status (*write_buffer)(const egg_host *h, uint64_t connection, egg_buffer *buffer);
    /* Bytes that wait to be sent. */
    egg_status (*waiting)(const egg_host *h, uint64_t connection, uint64_t *bytes);
    egg_status (*pause)(const egg_host *h, uint64_t connection, bool paused);
    /* Sends what waits, then ends the stream. `now`: drops what waits. */
    egg_status (*close)(const egg_host *h, uint64_t connection, bool now);
    /* A reference count of one, the caller's; NULL when out of memory. */
    egg_buffer *EGG_NULLABLE (*EGG_NONNULL buffer)(const egg_host *h, egg_str bytes);
    void (*retain_buffer)(egg_buffer *buffer);
    void (*release_buffer)(egg_buffer *buffer);
} egg_upgrade;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_connection_ops) == 40, "egg_connection_ops");
EGG_STATIC_ASSERT(sizeof(egg_upgrade) == 80, "egg_upgrade");

#ifdef __cplusplus
}
#endif

#endif /* EGG_UPGRADE_H */
