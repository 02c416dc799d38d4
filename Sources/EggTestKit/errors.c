/* errors.c - "egg.errors/1": units that answer errors in place of the kit. */
#define _GNU_SOURCE
#include "kit.h"

#include <string.h>

static egg_status answer_with(const egg_host *h, const egg_error_answerer *item) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    egg_error_answerer table;
    if (!on_loop(u, "answer_with")) return EGG_E_THREAD;
    if (k->booted) {
        finding(k, u, "answer_with: is for boot, the application serves already");
        return EGG_E_PHASE;
    }
    if (!adopt(u, item, &table, sizeof table, "egg_error_answerer")) return refused(item);
    if (table.answer == NULL) {
        finding(k, u, "egg_error_answerer: it lacks the function that answers");
        return EGG_E_ARGUMENT;
    }
    *APPEND(k, answerers) = (answerer){table, u};
    return EGG_OK;
}

const egg_errors errors_table = {.size = sizeof(egg_errors), .answer_with = answer_with};

/* By Accept alone; the kernel looks at the path as well. */
static egg_error_format wanted_format(exchange *x) {
    field *accept = fields_find(&x->fields, str("accept"), 0);
    if (accept == NULL) return EGG_FORMAT_TEXT;
    if (memmem(accept->value.ptr, accept->value.len, "json", 4) != NULL) return EGG_FORMAT_JSON;
    return memmem(accept->value.ptr, accept->value.len, "html", 4) != NULL ? EGG_FORMAT_HTML
                                                                         : EGG_FORMAT_TEXT;
}

bool ask_answerers(exchange *x, const egg_error *error) {
    kit *k = x->kit;
    for (size_t i = k->answerers_count; i > 0; i--) {
        answerer *a = &k->answerers[i - 1];
        call *c = call_take(k, x, a->unit, FOR_LOOKING, "answering an error");
        egg_call lent = call_issue(c, a->unit, false);
        arena memory;
        arena_begin(k, &memory, "an error to answer");
        const egg_error *copy = arena_error(&memory, error, NULL);
        bool answered = a->table.answer(a->table.self, lent, copy, wanted_format(x));
        arena_end(&memory, a->unit);
        call_give_back(c);
        if (answered) return true;
    }
    return false;
}

bool is_reported(exchange *x, const egg_error *error) {
    kit *k = x->kit;
    for (size_t i = 0; i < k->answerers_count; i++) {
        answerer *a = &k->answerers[i];
        if (a->table.reports == NULL) continue;
        call *c = call_take(k, x, a->unit, FOR_LOOKING, "looking at an error");
        egg_call lent = call_issue(c, a->unit, false);
        bool reported = a->table.reports(a->table.self, lent, error);
        call_give_back(c);
        if (!reported) return false;
    }
    return true;
}
