/* The baseline of the Redis figures: bare hiredis, blocking.
 *
 *     redis_hiredis PORT pipeline|serial COMMANDS
 *
 * Prints commands per second and per CPU-second of this process. */
#include <hiredis/hiredis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void take(redisContext *redis) {
    void *reply = NULL;
    if (redisGetReply(redis, &reply) != REDIS_OK) {
        fprintf(stderr, "redis_hiredis: %s\n", redis->errstr);
        exit(1);
    }
    freeReplyObject(reply);
}

static void run(redisContext *redis, int batch, long count) {
    for (long done = 0; done < count; done += batch) {
        const char *command[] = {"GET", "bench"};
        for (int i = 0; i < batch; i++) redisAppendCommandArgv(redis, 2, command, NULL);
        for (int i = 0; i < batch; i++) take(redis);
    }
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "redis_hiredis PORT pipeline|serial COMMANDS\n");
        return 2;
    }
    redisContext *redis = redisConnect("127.0.0.1", atoi(argv[1]));
    if (redis == NULL || redis->err) {
        fprintf(stderr, "redis_hiredis: cannot connect\n");
        return 1;
    }
    int batch = strcmp(argv[2], "serial") == 0 ? 1 : 1000;
    long count = atol(argv[3]);
    redisAppendCommand(redis, "SET bench %s", "value of some twenty b");
    take(redis);
    run(redis, batch, count / 10);
    double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    run(redis, batch, count);
    printf("%ld %ld\n", (long)((double)count / (now(CLOCK_MONOTONIC) - wall)),
           (long)((double)count / (now(CLOCK_PROCESS_CPUTIME_ID) - cpu)));
    redisFree(redis);
    return 0;
}
