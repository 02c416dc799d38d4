/*
 * egg_log.h - "egg.log/1": loggers by name.
 *
 * egg_host.log writes to the application's log; here are all the others. A line
 * below a logger's level costs the comparison that the caller makes:
 *
 *     if (level >= logger->level) log->write(h, logger, call, level, text, NULL);
 */
#ifndef EGG_LOG_H
#define EGG_LOG_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_LOG_ID "egg.log/1"

enum { EGG_LOG_NONE = 4 }; /* as a logger's level: nothing is written */

/* The kernel's; stays for the life of the process. */
typedef struct egg_logger {
    uint32_t size;
    egg_level level; /* lines below it go nowhere; changes, so look each time */
    uint64_t id;
    egg_str name;
    egg_str file;      /* absolute; empty while it has none. Changes, so look each time */
    egg_str json_file; /* the same with one JSON object a line */
} egg_logger;

typedef struct egg_log {
    uint32_t size;
    uint32_t flags;
    /* "logger", "coreLogger", "errorLogger", "agentLogger" at any time, the keys of
     * config.customLogger once the configuration is frozen. NULL for other names. */
    const egg_logger *EGG_NULLABLE (*EGG_NONNULL find)(const egg_host *h, egg_str name);
    /* All of them, from 0; NULL past the end. */
    const egg_logger *EGG_NULLABLE (*EGG_NONNULL at)(const egg_host *h, uint32_t index);
    /* One line. With a call of a request it begins with user, address, trace id, time,
     * method and url. `fields` is a MAP or NULL. Copies. [any], off the loop's thread
     * with a zero call. */
    void (*write)(const egg_host *h, const egg_logger *logger, egg_call call,
                  egg_level level, egg_str message, const egg_value *EGG_NULLABLE fields);
    /* EGG_LOG_DEBUG … EGG_LOG_NONE, for file and console. */
    egg_status (*set_level)(const egg_host *h, const egg_logger *logger, egg_level level);
    /* Writes what waits and opens every file anew: after files were renamed. */
    egg_status (*reload)(const egg_host *h);
} egg_log;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_logger) == 64, "egg_logger");
EGG_STATIC_ASSERT(sizeof(egg_log) == 48, "egg_log");

#ifdef __cplusplus
}
#endif

#endif /* EGG_LOG_H */
