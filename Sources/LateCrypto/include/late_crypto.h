/* Nothing to call: this target defines the functions of libcrypto that the kernel uses. See late_crypto.c. */
