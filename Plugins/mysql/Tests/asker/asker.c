/* asker.c - a plugin in C that uses app.mysql: by name, rows through their table, statements through
 * theirs. */
#include "egg_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

EGG_MANIFEST("{\"egg\": 1, \"id\": \"asker\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, \"min\": 0},"
             " \"dependencies\": [\"mysql\"], \"provides\": {\"context\": [\"askDatabase\"]}}");

#define TEXT(literal) ((egg_str){literal, sizeof(literal) - 1})

typedef struct asker {
    egg_plugin plugin;
    const egg_host *host;
} asker;

typedef struct question {
    asker *self;
    egg_call call;
    egg_object *mysql;
    const egg_sql_run *run;
    long long inserted;
    char answer[300];
} question;

static egg_value text(const char *text) {
    egg_value value = {.kind = EGG_STRING, .count = (uint32_t)strlen(text)};
    value.as.string = text;
    return value;
}

static void fail(question *q, const egg_outcome *outcome) {
    egg_error error = {.size = sizeof error, .message = TEXT("cancelled")};
    q->self->host->fail(q->self->host, q->call, outcome->error != NULL ? outcome->error : &error);
    q->mysql->ops->release(q->mysql);
    free(q);
}

static void answer(question *q) {
    egg_value result = text(q->answer);
    q->self->host->finish(q->self->host, q->call, &result);
    q->mysql->ops->release(q->mysql);
    free(q);
}

static void add(question *q, const char *format, int length, const char *found) {
    size_t used = strlen(q->answer);
    snprintf(q->answer + used, sizeof q->answer - used, format, length, found);
}

/* A statement that the server refuses. */
static void refused(void *state, const egg_sql_result *result, const egg_error *error) {
    question *q = state;
    if (result != NULL || error == NULL)
        add(q, ", not refused%.*s", 0, "");
    else
        add(q, ", refused %.*s", (int)error->code.len, error->code.ptr);
    answer(q);
}

/* The rows of a prepared statement, through its table. */
static void executed(void *state, const egg_sql_result *result, const egg_error *error) {
    question *q = state;
    const egg_sql_run *run = q->run;
    if (error != NULL || result == NULL || result->rows == NULL || result->next != NULL) {
        add(q, ", failed %.*s", error == NULL ? 0 : (int)error->code.len, error == NULL ? "" : error->code.ptr);
    } else {
        const egg_sql_rows *rows = result->rows;
        rows->retain(rows);
        add(q, ", kept %.*s", (int)rows->columns[0].len, rows->columns[0].ptr);
        const egg_value *cells = rows->row(rows, 0);
        add(q, "=%.*s", (int)cells[0].count, cells[0].as.string);
        rows->release(rows);
    }
    egg_str selec = TEXT("selec");
    egg_sql_statement statement = {.size = sizeof statement, .texts = &selec};
    /* Tickets of statements that have ended, or never were, stop nothing. */
    run->cancel(run, run->run(run, &statement, refused, q) + 1);
}

/* A change, its value between two texts. */
static void updated(void *state, const egg_sql_result *result, const egg_error *error) {
    question *q = state;
    const egg_sql_run *run = q->run;
    if (error == NULL && result != NULL && result->rows == NULL && result->affected_rows > 0)
        add(q, ", %.*s", (int)result->message.len > 16 ? 16 : (int)result->message.len, result->message.ptr);
    egg_value title = text("from C's hand");
    run->execute(run, TEXT("select title from posts where title = ? limit 1"), &title, 1, executed, q);
}

/* What app.mysql.query(sql, values) answers: a list of rows. */
static void has_sum(void *state, const egg_outcome *outcome) {
    question *q = state;
    const egg_value *rows = &outcome->value;
    q->run = q->mysql->ops->query(q->mysql, EGG_SQL_RUN_ID);
    if (outcome->kind != EGG_OUTCOME_OK || rows->kind != EGG_LIST || rows->count != 1 ||
        rows->as.items[0].kind != EGG_MAP || q->run == NULL) {
        fail(q, outcome);
        return;
    }
    const egg_pair *sum = &rows->as.items[0].as.pairs[0];
    size_t used = strlen(q->answer);
    snprintf(q->answer + used, sizeof q->answer - used, ", %.*s %lld", (int)sum->key.len, sum->key.ptr,
             (long long)sum->value.as.integer);
    egg_str texts[2] = {TEXT("update posts set hits = hits + 1 where title = "), TEXT(" limit 1")};
    egg_value title = text("from C's hand");
    egg_sql_statement statement = {.size = sizeof statement, .texts = texts, .values = &title,
                                   .value_count = 1};
    q->run->run(q->run, &statement, updated, q);
}

/* The rows of `run`, read in place. */
static void has_rows(void *state, const egg_outcome *outcome) {
    question *q = state;
    if (outcome->kind != EGG_OUTCOME_OK || outcome->value.kind != EGG_OBJECT) {
        fail(q, outcome);
        return;
    }
    egg_object *object = outcome->value.as.object;
    const egg_sql_rows *rows = object->ops->query(object, EGG_SQL_ROWS_ID);
    const egg_value *cells = rows->row(rows, 0);
    snprintf(q->answer, sizeof q->answer, "inserted %lld, %u columns, %s=%.*s, past the end %s", q->inserted,
             (unsigned)rows->column_count, rows->columns[0].ptr == NULL ? "" : "title",
             (int)cells[0].count, cells[0].as.string,
             rows->row(rows, rows->row_count) == NULL ? "nothing" : "something");
    egg_value values = {.kind = EGG_LIST, .count = 2};
    egg_value numbers[2] = {{.kind = EGG_INT, .as.integer = 40}, {.kind = EGG_INT, .as.integer = 2}};
    values.as.items = numbers;
    egg_value args[2] = {text("select ? + ? as sum"), values};
    const egg_host *h = q->self->host;
    h->invoke_object(h, q->call, q->mysql, TEXT("query"), args, 2, has_sum, q);
}

static void inserted(void *state, const egg_outcome *outcome) {
    question *q = state;
    if (outcome->kind != EGG_OUTCOME_OK || outcome->value.kind != EGG_MAP) {
        fail(q, outcome);
        return;
    }
    for (uint32_t i = 0; i < outcome->value.count; i++) {
        const egg_pair *pair = &outcome->value.as.pairs[i];
        if (pair->key.len == 12 && memcmp(pair->key.ptr, "affectedRows", 12) == 0)
            q->inserted = pair->value.as.integer;
    }
    egg_value pieces[3] = {{.kind = EGG_BOOL}, text("select title, hits from posts where title = "),
                           text("from C's hand")};
    egg_value list = {.kind = EGG_LIST, .count = 3};
    list.as.items = pieces;
    const egg_host *h = q->self->host;
    h->invoke_object(h, q->call, q->mysql, TEXT("run"), &list, 1, has_rows, q);
}

/* ctx.askDatabase(): inserts a row, then reads it. */
static egg_step ask(void *instance, egg_call call, const egg_value *args, uint32_t count,
                    egg_value *result) {
    asker *self = instance;
    const egg_host *h = self->host;
    (void)args, (void)count, (void)result;
    egg_member member;
    egg_value mysql;
    if (h->resolve(h, EGG_ON_APPLICATION, TEXT("mysql"), &member) != EGG_OK ||
        h->get(h, call, member, &mysql) != EGG_OK || mysql.kind != EGG_OBJECT) {
        egg_error error = {.size = sizeof error, .message = TEXT("no app.mysql")};
        return h->fail(h, call, &error);
    }
    question *q = calloc(1, sizeof *q);
    *q = (question){.self = self, .call = call, .mysql = mysql.as.object};
    q->mysql->ops->retain(q->mysql);
    egg_pair pair = {TEXT("title"), text("from C's hand")};
    egg_value insert[2] = {text("posts"), {.kind = EGG_MAP, .count = 1}};
    insert[1].as.pairs = &pair;
    h->invoke_object(h, call, q->mysql, TEXT("insert"), insert, 2, inserted, q);
    return EGG_STEP_LATER;
}

static egg_step on_phase(void *instance, egg_phase phase, egg_call call) {
    asker *self = instance;
    (void)call;
    egg_method method = {.size = sizeof method, .target = EGG_ON_CONTEXT, .name = "askDatabase",
                         .self = self, .invoke = ask};
    if (phase == EGG_PHASE_REGISTER) self->host->add_method(self->host, &method);
    return EGG_STEP_DONE;
}

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *id) {
    (void)id;
    asker *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->host = host;
    self->plugin = (egg_plugin){.size = sizeof self->plugin, .abi_major = EGG_ABI_MAJOR,
                                .abi_minor = EGG_ABI_MINOR, .id = "asker", .self = self,
                                .on_phase = on_phase};
    return &self->plugin;
}
