/*
 * egg_errors.h - "egg.errors/1": what a client sees of an error.
 *
 * The kernel has one contract for every status from 400 on, for errors that were
 * thrown and for requests that nobody answered: it logs, tells the listeners of
 * the event "error", clears what layers had set, sets the status, and asks the
 * units that want to answer, the one that came last first. When none does, it
 * answers by itself.
 */
#ifndef EGG_ERRORS_H
#define EGG_ERRORS_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_ERRORS_ID "egg.errors/1"

/* What the client would rather have, by path and Accept. */
typedef uint32_t egg_error_format;
enum { EGG_FORMAT_TEXT = 0, EGG_FORMAT_HTML = 1, EGG_FORMAT_JSON = 2 };

typedef struct egg_error_answerer {
    uint32_t size;
    uint32_t flags;
    void *EGG_NULLABLE self;
    /* Sets body, type and whatever else, and answers true; false: somebody else
     * shall. `call` is lent: it reads and sets, and is not settled. For a request
     * that nobody answered, code is "" and http_status 404. It can't wait. */
    bool (*EGG_FILL_IN answer)(void *EGG_NULLABLE self, egg_call call, const egg_error *error,
                               egg_error_format format);
    /* Whether an error is logged and told to the listeners of "error"; false of one unit
     * is enough to keep it quiet. The client is answered either way. As `answer`, but it
     * only looks. */
    bool (*EGG_NULLABLE reports)(void *EGG_NULLABLE self, egg_call call,
                                 const egg_error *error);
} egg_error_answerer;

typedef struct egg_errors {
    uint32_t size;
    uint32_t flags;
    /* Copied. Not once the application is ready: EGG_E_PHASE. [loop] */
    egg_status (*answer_with)(const egg_host *h, const egg_error_answerer *answerer);
} egg_errors;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_error_answerer) == 32, "egg_error_answerer");
EGG_STATIC_ASSERT(sizeof(egg_errors) == 16, "egg_errors");

#ifdef __cplusplus
}
#endif

#endif /* EGG_ERRORS_H */
