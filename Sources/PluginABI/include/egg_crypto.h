/*
 * egg_crypto.h - "egg.crypto/1": the few primitives that cookies, sessions and
 * handshakes need, from the system's OpenSSL. All [any].
 */
#ifndef EGG_CRYPTO_H
#define EGG_CRYPTO_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_CRYPTO_ID "egg.crypto/1"

typedef struct egg_crypto {
    uint32_t size;
    uint32_t flags;
    /* `algorithm`: "md5" "sha1" "sha256" "sha512". `out` holds `capacity` bytes,
     * *count becomes the digest's size. EGG_E_LIMIT: too small. */
    egg_status (*digest)(const egg_host *h, const char *algorithm, egg_str data, uint8_t *out,
                         size_t capacity, size_t *count);
    egg_status (*hmac)(const egg_host *h, const char *algorithm, egg_str key, egg_str data,
                       uint8_t *out, size_t capacity, size_t *count);
    /* `algorithm`: "aes-256-cbc" (PKCS 7 padding). `capacity` at least data + 16.
     * Decryption of text that was tampered with or made with another key is
     * EGG_E_FAILED. */
    egg_status (*encrypt)(const egg_host *h, const char *algorithm, egg_str key, egg_str iv,
                          egg_str data, uint8_t *out, size_t capacity, size_t *count);
    egg_status (*decrypt)(const egg_host *h, const char *algorithm, egg_str key, egg_str iv,
                          egg_str data, uint8_t *out, size_t capacity, size_t *count);
    egg_status (*random)(const egg_host *h, uint8_t *out, size_t count);
    /* In time that does not depend on where they differ. */
    bool (*equal)(const egg_host *h, egg_str a, egg_str b);
} egg_crypto;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_crypto) == 56, "egg_crypto");

#ifdef __cplusplus
}
#endif

#endif /* EGG_CRYPTO_H */
