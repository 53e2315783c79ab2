#ifndef EMBEDDED_DATA_H
#define EMBEDDED_DATA_H

#include <stddef.h>

// The JSON that ships inside the binary. Each file is `count` bytes of UTF-8 without a closing zero.

typedef struct {
  const unsigned char *bytes;
  size_t count;
} EmbeddedFile;

/// `providers.json`: the API families and the providers.
EmbeddedFile embedded_providers(void);

/// `models.json`: what is known of the providers' models.
EmbeddedFile embedded_models(void);

/// `protocol/openrpc.json`: the protocol's schema. Without bytes in a build that had no such file.
EmbeddedFile embedded_openrpc(void);

#endif
