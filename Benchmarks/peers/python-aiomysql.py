# The statements of Benchmarks/load/mysql_connector.c, by aiomysql.
#
#     python-aiomysql.py PORT point|rows|insert STATEMENTS
import asyncio
import sys
import time

import aiomysql


def size(row):
    return row[0] + len(row[1].encode()) + row[2]


async def run(cursor, kind, count):
    total = 0
    for i in range(count):
        if kind == "point":
            await cursor.execute("select id, title, hits from posts where id = %s", (i % 1000 + 1,))
            total += size(await cursor.fetchone())
        elif kind == "rows":
            await cursor.execute("select id, title, hits from posts limit 1000")
            total += sum(size(row) for row in await cursor.fetchall())
        else:
            total += await cursor.execute(
                "insert into notes (title, hits) values (%s, %s)", ("A note like any other", i)
            )
    return total


async def main():
    port, kind, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    db = await aiomysql.connect(
        host="127.0.0.1", port=port, user="bench", password="bench", db="bench", autocommit=True
    )
    cursor = await db.cursor()
    await run(cursor, kind, max(1, count // 10))
    wall, cpu = time.monotonic(), time.process_time()
    total = await run(cursor, kind, count)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    print(int(count / wall), int(count / cpu), total)
    db.close()


asyncio.run(main())
