/*
 * egg_sql.h - "egg.sql.run/1" and "egg.sql.rows/1": statements of a database without
 * calls by name, and rows read where they are.
 *
 * Client objects (`app.mysql`, `app.sqlite`) and their transactions answer `query` with
 * EGG_SQL_RUN_ID with a table that runs statements; it lives as long as the object, and
 * is NULL until the plugin has made its clients. Their method `run` does the same by
 * name and answers with an object of type "egg.sql.rows/1", whose `query` gives the
 * table of rows. Who is content with values calls `query`, `select` or `get` and gets a
 * LIST of MAPs.
 */
#ifndef EGG_SQL_H
#define EGG_SQL_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_SQL_ROWS_ID "egg.sql.rows/1"
#define EGG_SQL_RUN_ID "egg.sql.run/1"

typedef struct egg_sql_rows {
    uint32_t size;
    uint32_t column_count;
    uint64_t row_count;
    const egg_str *EGG_NULLABLE columns; /* their names */
    /* `column_count` values: NULL, BOOL, INT, DOUBLE, STRING, BYTES or TIME. Integers
     * that INT does not hold are a STRING of digits. Valid until the next call or the
     * rows' end; NULL past the last row. */
    const egg_value *EGG_NULLABLE (*EGG_NONNULL row)(const struct egg_sql_rows *self,
                                                     uint64_t index);
    void *EGG_NULLABLE private_data;
    /* Since "egg.sql.run/1"; look at `size`. Keep the rows beyond the function that
     * they were lent to, and give them up again. [any] */
    void (*EGG_NONNULL retain)(const struct egg_sql_rows *self);
    void (*EGG_NONNULL release)(const struct egg_sql_rows *self);
} egg_sql_rows;

/* A statement in pieces: texts[0] values[0] texts[1] ... texts[value_count]. Texts are
 * SQL and may be empty. Values are NULL, BOOL, INT, DOUBLE, STRING, BYTES or TIME, never
 * SQL; the connection writes them so that its server reads them back as they are. */
typedef struct egg_sql_statement {
    uint32_t size;
    uint32_t flags; /* EGG_SQL_* */
    const egg_str *texts;
    const egg_value *EGG_NULLABLE values;
    uint32_t value_count;
    uint32_t reserved;
} egg_sql_statement;

/* A text has \' or \\ in quotes, and where values stand was decided as if backslashes
 * escape; a server under NO_BACKSLASH_ESCAPES is not sent it. */
enum { EGG_SQL_BACKSLASHES = 1u << 0 };

/* What a statement gave back. Borrowed, `rows` too unless they are retained. */
typedef struct egg_sql_result {
    uint32_t size;
    uint32_t field_count;
    const egg_sql_rows *EGG_NULLABLE rows; /* NULL for a change, which has not even none */
    uint64_t affected_rows;
    uint64_t insert_id; /* 0: none was given */
    uint64_t changed_rows;
    uint32_t warning_count;
    uint32_t server_status;
    egg_str message; /* "Rows matched: 1  Changed: 0  Warnings: 0" */
    /* Of the next statement, where several were sent as one. */
    const struct egg_sql_result *EGG_NULLABLE next;
} egg_sql_result;

/* How a statement ended: exactly once, never before the function that started it has
 * returned. One of the two is non-null, neither when it was cancelled. Errors of the
 * database have the properties "errno" (INT), "sqlState" (STRING) and "fatal" (BOOL:
 * the connection is lost), and the statement in `detail`. [loop] */
typedef void (*egg_sql_done)(void *EGG_NULLABLE state,
                             const egg_sql_result *EGG_NULLABLE result,
                             const egg_error *EGG_NULLABLE error);

typedef struct egg_sql_run {
    uint32_t size;
    uint32_t flags;
    /* Runs a statement, its values written into the text. What is given is copied. The
     * result is a ticket for `cancel`, never 0. [loop] */
    uint64_t (*EGG_NONNULL run)(const struct egg_sql_run *self,
                                const egg_sql_statement *statement, egg_sql_done done,
                                void *EGG_NULLABLE state);
    /* Runs a prepared statement, one value for each `?`. [loop] */
    uint64_t (*EGG_NONNULL execute)(const struct egg_sql_run *self, egg_str sql,
                                    const egg_value *EGG_NULLABLE values,
                                    uint32_t value_count, egg_sql_done done,
                                    void *EGG_NULLABLE state);
    /* Stops a statement, at the server too; `done` still comes. Nothing happens when it
     * has ended. [loop] */
    void (*EGG_NONNULL cancel)(const struct egg_sql_run *self, uint64_t ticket);
    void *EGG_NULLABLE private_data;
} egg_sql_run;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_sql_rows) == 56, "egg_sql_rows");
EGG_STATIC_ASSERT(sizeof(egg_sql_statement) == 32, "egg_sql_statement");
EGG_STATIC_ASSERT(sizeof(egg_sql_result) == 72, "egg_sql_result");
EGG_STATIC_ASSERT(sizeof(egg_sql_run) == 40, "egg_sql_run");

#ifdef __cplusplus
}
#endif

#endif /* EGG_SQL_H */
