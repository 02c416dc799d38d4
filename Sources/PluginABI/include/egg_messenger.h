/*
 * egg_messenger.h - "egg.messenger/1": messages between the processes of one
 * application, or between its two sides when one process is both.
 */
#ifndef EGG_MESSENGER_H
#define EGG_MESSENGER_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_MESSENGER_ID "egg.messenger/1"

/* Who gets a message. */
enum {
    EGG_TO_ALL = 1,    /* every application process, the sender's too, and the agent */
    EGG_TO_APPS = 2,   /* every application process */
    EGG_TO_AGENT = 3,
    EGG_TO_RANDOM = 4, /* one application process */
    EGG_TO_PID = 5     /* the process with that id; nobody when there is none */
};

typedef struct egg_messenger {
    uint32_t size;
    uint32_t flags;
    /* Takes note of a message; it arrives in a later turn of the receiver's loop. Two
     * messages from one process to another arrive in the order of sending. `pid` counts
     * with EGG_TO_PID only. `data` is copied and must not contain objects
     * (EGG_E_ARGUMENT). EGG_E_AGAIN: taken, but wait for `drained` before sending more;
     * EGG_E_LIMIT: not taken, too much is waiting. */
    egg_status (*send)(const egg_host *h, uint32_t to, uint64_t pid, egg_str action,
                       const egg_value *EGG_NULLABLE data);
    /* Calls `heard` for each message of that action to one side of this process:
     * EGG_ON_APPLICATION or EGG_ON_AGENT. `data` is borrowed. The kernel's own actions
     * are "egg-ready", a MAP of port, address, protocol, and "egg-pids", a LIST: of the
     * agent on the application's side, of the application's processes on the agent's. */
    egg_status (*on)(const egg_host *h, uint32_t side, egg_str action,
                     void (*heard)(void *EGG_NULLABLE state, const egg_value *data),
                     void *EGG_NULLABLE state, uint64_t *token);
    egg_status (*off)(const egg_host *h, uint64_t token);
    /* Calls `done` when little enough waits to be sent; never before it returns. */
    egg_status (*drained)(const egg_host *h, egg_done done, void *EGG_NULLABLE state);
} egg_messenger;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_messenger) == 40, "egg_messenger");

#ifdef __cplusplus
}
#endif

#endif /* EGG_MESSENGER_H */
