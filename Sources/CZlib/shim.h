#include <zlib.h>

/* inflateInit2 is a macro, which Swift does not import. */
static inline int egg_inflate_init(z_streamp stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}

/* The same of deflateInit2. */
static inline int egg_deflate_init(z_streamp stream, int level, int window_bits, int memory) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, memory, Z_DEFAULT_STRATEGY);
}
