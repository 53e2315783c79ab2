#include "EmbeddedData.h"

// `#embed` is C23; clang takes it in every C and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char providers[] = {
#embed "providers.json"
};

static const unsigned char models[] = {
#embed "models.json"
};

#if __has_embed("../../protocol/openrpc.json")
static const unsigned char openrpc[] = {
#embed "../../protocol/openrpc.json"
};
#define OPENRPC_COUNT sizeof openrpc
#else
static const unsigned char openrpc[] = {0};
#define OPENRPC_COUNT 0
#endif

EmbeddedFile embedded_providers(void) { return (EmbeddedFile){providers, sizeof providers}; }
EmbeddedFile embedded_models(void) { return (EmbeddedFile){models, sizeof models}; }
EmbeddedFile embedded_openrpc(void) { return (EmbeddedFile){openrpc, OPENRPC_COUNT}; }
