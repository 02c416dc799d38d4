/*
 * egg_sql.h - "egg.sql.rows/1": the rows of a database, read where they are.
 *
 * The method `run` of a client object (`app.mysql`, `app.sqlite`) answers with an object
 * of type "egg.sql.rows/1". Its `query` with the id below gives this table, which lives
 * as long as the object. Who is content with values calls `query`, `select` or `get`
 * and gets a LIST of MAPs.
 */
#ifndef EGG_SQL_H
#define EGG_SQL_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_SQL_ROWS_ID "egg.sql.rows/1"

typedef struct egg_sql_rows {
    uint32_t size;
    uint32_t column_count;
    uint64_t row_count;
    const egg_str *EGG_NULLABLE columns; /* their names */
    /* `column_count` values: NULL, BOOL, INT, DOUBLE, STRING, BYTES or TIME. Integers
     * that INT does not hold are a STRING of digits. Valid until the next call or the
     * object's release; NULL past the last row. */
    const egg_value *EGG_NULLABLE (*EGG_NONNULL row)(const struct egg_sql_rows *self,
                                                     uint64_t index);
    void *EGG_NULLABLE private_data;
} egg_sql_rows;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_sql_rows) == 40, "egg_sql_rows");

#ifdef __cplusplus
}
#endif

#endif /* EGG_SQL_H */
