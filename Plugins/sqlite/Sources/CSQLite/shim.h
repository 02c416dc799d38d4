/* SQLite: <sqlite3.h>, which pkg-config finds. */
#ifndef EGG_CSQLITE_H
#define EGG_CSQLITE_H

#include <sqlite3.h>

#endif
