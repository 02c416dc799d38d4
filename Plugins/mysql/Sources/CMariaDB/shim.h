/* MariaDB Connector/C: <mysql.h>, which pkg-config finds. */
#ifndef EGG_CMARIADB_H
#define EGG_CMARIADB_H

#include <mysql.h>
#include <errmsg.h>

#endif
