/*
 * egg_socketio.h - "socketio.server/1", published by the plugin `socketio`: events,
 * rooms and namespaces for units in any language.
 *
 * Arguments are JSON text, a list; bytes stand beside it as attachments, and
 * {"_placeholder":true,"num":N} in the text says where the Nth belongs. All
 * functions belong to the loop's thread. What is passed in is borrowed.
 */
#ifndef EGG_SOCKETIO_H
#define EGG_SOCKETIO_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_SOCKETIO_ID "socketio.server/1"

/* A client in one namespace. Never used again; 0 is none. */
typedef uint64_t egg_io_socket;

typedef struct egg_io_args {
    egg_str json; /* a list: ["hello",1] */
    const egg_str *EGG_NULLABLE attachments;
    uint32_t attachment_count;
    uint32_t reserved;
} egg_io_args;

typedef uint32_t egg_io_flags;
enum {
    EGG_IO_VOLATILE = 1, /* dropped when it cannot be sent at once */
    EGG_IO_LOCAL = 2,    /* to clients of this server only */
    EGG_IO_PLAIN = 4     /* not compressed */
};

/* Whom an operation is for. No rooms: everybody in the namespace. */
typedef struct egg_io_target {
    uint32_t size;
    egg_io_flags flags;
    egg_str nsp;
    const egg_str *EGG_NULLABLE rooms;
    const egg_str *EGG_NULLABLE except;
    uint32_t room_count;
    uint32_t except_count;
    egg_io_socket sender; /* left out */
} egg_io_target;

typedef uint32_t egg_io_event;
enum {
    EGG_IO_CONNECTION = 1,    /* args: undefined */
    EGG_IO_MESSAGE = 2,       /* an event of the client: `name`, its list, and `ack` */
    EGG_IO_DISCONNECTING = 3, /* name: the reason; the rooms are still there */
    EGG_IO_DISCONNECT = 4,    /* name: the reason */
    EGG_IO_ERROR = 5,         /* name: the message */
    EGG_IO_ADMIT = 6,         /* may the client come in? answer with `settle(ack, …)` */
    EGG_IO_SERVER = 7,        /* of another server: `name`, list, `ack` */
    /* About requests of the engine, for those who want them; `socket` is 0. `args` is a list of one
     * object: {method, url, query, headers, address, secure}. All but the last are to be answered with
     * `settle(ack, …)`. */
    EGG_IO_ALLOW = 8,         /* may it begin a session? a message refuses it */
    EGG_IO_GENERATE_ID = 9,   /* the client's id, as `data`: a text of JSON, empty for a random one; a
                               * message refuses it */
    EGG_IO_HEADERS = 10,      /* more fields of the answer, as `data`: an object of texts. `name` is
                               * "initial_headers" for the first answer of a session, "headers" for any */
    EGG_IO_REFUSED = 11,      /* it was refused: `name` is the message, `ack` the number of the error */
    EGG_IO_OUTGOING = 12,     /* an event for the client: `name`, its list; see `watch` */
    EGG_IO_UPGRADE = 13,      /* the client has changed to WebSocket; see `watch` */
    EGG_IO_EMPTIED = 14       /* a namespace on demand has gone with its last client */
};

/* A unit that listens. */
typedef struct egg_io_listener {
    uint32_t size;
    uint32_t flags;
    void *EGG_NULLABLE self;
    /* `ack` is -1 unless an answer is asked for. `args` is borrowed. */
    void (*EGG_FILL_IN event)(void *EGG_NULLABLE self, egg_io_event kind, egg_str nsp,
                              egg_io_socket socket, egg_str name, const egg_io_args *args,
                              int64_t ack);
    /* The answer to a request of this listener. `failure` is empty unless it failed;
     * `args` is a list, of what has come when it failed. */
    void (*EGG_FILL_IN answered)(void *EGG_NULLABLE self, uint64_t request, egg_str failure,
                                 const egg_io_args *args);
    /* Whether the namespaces that `parent` stands for include this one; NULL: none. */
    bool (*EGG_NULLABLE matches)(void *EGG_NULLABLE self, uint64_t parent, egg_str nsp,
                                 egg_str auth);
} egg_io_listener;

typedef uint32_t egg_io_wants;
enum {
    EGG_IO_WANTS_EVENTS = 1, /* CONNECTION, MESSAGE, DISCONNECTING, DISCONNECT, ERROR, SERVER */
    EGG_IO_WANTS_ADMIT = 2,
    /* Of the engine, whatever the namespace. */
    EGG_IO_WANTS_ALLOW = 4,
    EGG_IO_WANTS_IDS = 8,
    EGG_IO_WANTS_HEADERS = 16,
    EGG_IO_WANTS_REFUSED = 32,
    /* A namespace on demand stays when nobody is in it. */
    EGG_IO_WANTS_KEPT = 64
};

typedef uint32_t egg_io_query;
enum {
    /* About one socket; the answer is JSON text. */
    EGG_IO_ID = 1,        /* the id itself, no JSON */
    EGG_IO_NSP = 2,       /* the namespace's name, no JSON */
    EGG_IO_HANDSHAKE = 3,
    EGG_IO_ROOMS = 4,
    EGG_IO_DATA = 5,
    EGG_IO_STATE = 6, /* {"connected":true,"transport":"websocket","recovered":false,"protocol":4,
                         "conn":"…"} */
    /* About the engine; the socket is 0. */
    EGG_IO_CLIENTS_COUNT = 7
};

typedef uint32_t egg_io_request;
enum {
    /* About sockets on all servers; the answer comes through `answered`. */
    EGG_IO_FETCH_SOCKETS = 1,     /* list of {id, rooms, data, handshake} */
    EGG_IO_CLIENTS = 2,           /* list of ids */
    EGG_IO_ALL_ROOMS = 3,         /* list of rooms */
    EGG_IO_CLIENT_ROOMS = 4,      /* `name`: an id; list of rooms */
    EGG_IO_REMOTE_JOIN = 5,       /* `name`: an id; `value`: a room */
    EGG_IO_REMOTE_LEAVE = 6,
    EGG_IO_REMOTE_DISCONNECT = 7, /* `value`: "true" to end the connection */
    EGG_IO_SOCKETS_JOIN = 8,      /* `name`: a room */
    EGG_IO_SOCKETS_LEAVE = 9,
    EGG_IO_DISCONNECT_SOCKETS = 10
};

typedef struct egg_socketio {
    uint32_t size;
    uint32_t flags;
    /* `s` of every function. */
    void *EGG_NULLABLE self;
    /* Kept for ever; the result stands for the listener. */
    uint32_t (*attach)(void *EGG_NULLABLE s, const egg_io_listener *listener);
    /* Makes the namespace if need be. */
    egg_status (*listen)(void *EGG_NULLABLE s, uint32_t listener, egg_str nsp,
                         egg_io_wants wants);
    /* Namespaces on demand: those for which `matches(parent, …)` is true. */
    egg_status (*listen_parent)(void *EGG_NULLABLE s, uint32_t listener, uint64_t parent,
                                egg_io_wants wants);
    /* `request` is 0, or asks for the acknowledgement; `timeout` in milliseconds, 0: none.
     * EGG_E_STALE: the socket is gone. */
    egg_status (*emit)(void *EGG_NULLABLE s, uint32_t listener, egg_io_socket socket,
                       egg_io_flags flags, const egg_io_args *args, uint64_t request,
                       uint64_t timeout);
    /* The same for many; the answer is a list with the first argument of each. */
    egg_status (*broadcast)(void *EGG_NULLABLE s, uint32_t listener, const egg_io_target *target,
                            const egg_io_args *args, uint64_t request, uint64_t timeout);
    /* Acknowledges an event; for EGG_IO_SERVER `socket` is 0. */
    egg_status (*ack)(void *EGG_NULLABLE s, egg_io_socket socket, int64_t ack,
                      const egg_io_args *args);
    egg_status (*join)(void *EGG_NULLABLE s, egg_io_socket socket, egg_str room);
    egg_status (*leave)(void *EGG_NULLABLE s, egg_io_socket socket, egg_str room);
    egg_status (*disconnect)(void *EGG_NULLABLE s, egg_io_socket socket, bool close);
    /* An error for the client: old clients get an `error` packet; others nothing. JSON. */
    egg_status (*fail)(void *EGG_NULLABLE s, egg_io_socket socket, egg_str json);
    /* Answers EGG_IO_ADMIT and others: an empty message lets the client in; `data` is JSON or empty. */
    egg_status (*settle)(void *EGG_NULLABLE s, int64_t admission, egg_str message, egg_str data);
    /* `out` is good until the next query. */
    egg_status (*query)(void *EGG_NULLABLE s, egg_io_socket socket, egg_io_query what,
                        egg_str *out);
    egg_status (*set_data)(void *EGG_NULLABLE s, egg_io_socket socket, egg_str json);
    egg_status (*request)(void *EGG_NULLABLE s, uint32_t listener, const egg_io_target *target,
                          egg_io_request what, egg_str name, egg_str value, uint64_t request);
    /* To the same namespace of the other servers. */
    egg_status (*server_emit)(void *EGG_NULLABLE s, uint32_t listener, egg_str nsp,
                              const egg_io_args *args, uint64_t request);
    /* A handler for this socket's events has begun (+1) or ended (-1). */
    egg_status (*running)(void *EGG_NULLABLE s, egg_io_socket socket, int32_t change);
    /* From now on this listener is told EGG_IO_OUTGOING (1) and EGG_IO_UPGRADE (2) of the socket. */
    egg_status (*watch)(void *EGG_NULLABLE s, uint32_t listener, egg_io_socket socket, uint32_t what);
} egg_socketio;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_io_args) == 32, "egg_io_args");
EGG_STATIC_ASSERT(sizeof(egg_io_target) == 56, "egg_io_target");
EGG_STATIC_ASSERT(sizeof(egg_io_listener) == 40, "egg_io_listener");

#ifdef __cplusplus
}
#endif

#endif /* EGG_SOCKETIO_H */
