#include "CCurl.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#ifdef __APPLE__
#define LIBRARY "libcurl.4.dylib"
#else
#define LIBRARY "libcurl.so.4"
#endif

// Every function that is called, without its "curl_".
#define FUNCTIONS(DO)                                                                                                  \
  DO(global_init) DO(version_info) DO(free)                                                                            \
  DO(easy_init) DO(easy_cleanup) DO(easy_pause) DO(easy_strerror) DO(easy_setopt) DO(easy_getinfo)                     \
  DO(multi_init) DO(multi_cleanup) DO(multi_add_handle) DO(multi_remove_handle) DO(multi_perform) DO(multi_poll)       \
  DO(multi_wakeup) DO(multi_info_read) DO(multi_setopt)                                                                \
  DO(slist_append) DO(slist_free_all) DO(url) DO(url_cleanup) DO(url_get) DO(url_set)

static struct {
#define FIELD(name) __typeof__(&curl_##name) name;
  FUNCTIONS(FIELD)
} libcurl;

static char failure[512];

static void load(void) {
  void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    snprintf(failure, sizeof failure, LIBRARY " cannot be loaded: %s", reason ? reason : "no reason given");
    return;
  }
#define FIND(name)                                                                                                     \
  libcurl.name = (__typeof__(libcurl.name))dlsym(library, "curl_" #name);                                              \
  if (!libcurl.name) {                                                                                                 \
    snprintf(failure, sizeof failure, LIBRARY " is too old: it has no curl_" #name);                                   \
    return;                                                                                                            \
  }
  FUNCTIONS(FIND)
  CURLcode code = libcurl.global_init(CURL_GLOBAL_DEFAULT);
  if (code) snprintf(failure, sizeof failure, LIBRARY " does not start: %s", libcurl.easy_strerror(code));
}

const char *ccurl_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return failure[0] ? failure : NULL;
}

CURL *ccurl_easy_init(void) { return libcurl.easy_init(); }
void ccurl_easy_cleanup(CURL *easy) { libcurl.easy_cleanup(easy); }
CURLcode ccurl_easy_pause(CURL *easy, int action) { return libcurl.easy_pause(easy, action); }
const char *ccurl_easy_strerror(CURLcode code) { return libcurl.easy_strerror(code); }

CURLM *ccurl_multi_init(void) { return libcurl.multi_init(); }
CURLMcode ccurl_multi_cleanup(CURLM *multi) { return libcurl.multi_cleanup(multi); }
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *easy) { return libcurl.multi_add_handle(multi, easy); }
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *easy) { return libcurl.multi_remove_handle(multi, easy); }
CURLMcode ccurl_multi_perform(CURLM *multi, int *running) { return libcurl.multi_perform(multi, running); }
int ccurl_multi_poll(CURLM *multi, int other, int milliseconds) {
  struct curl_waitfd waits = {.fd = other, .events = CURL_WAIT_POLLIN};
  libcurl.multi_poll(multi, &waits, other < 0 ? 0 : 1, milliseconds, NULL);
  return waits.revents & CURL_WAIT_POLLIN;
}
CURLMcode ccurl_multi_wakeup(CURLM *multi) { return libcurl.multi_wakeup(multi); }
CURLMsg *ccurl_multi_info_read(CURLM *multi, int *remaining) { return libcurl.multi_info_read(multi, remaining); }

struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text) {
  return libcurl.slist_append(list, text);
}
void ccurl_slist_free_all(struct curl_slist *list) { libcurl.slist_free_all(list); }

CURLU *ccurl_url(void) { return libcurl.url(); }
void ccurl_url_cleanup(CURLU *url) { libcurl.url_cleanup(url); }
CURLUcode ccurl_url_get(CURLU *url, CURLUPart part, char **text, unsigned flags) {
  return libcurl.url_get(url, part, text, flags);
}
CURLUcode ccurl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags) {
  return libcurl.url_set(url, part, text, flags);
}
void ccurl_free(void *text) { libcurl.free(text); }

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) { return libcurl.easy_setopt(easy, option, value); }
CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
  return libcurl.easy_setopt(easy, option, value);
}
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value) {
  return libcurl.easy_setopt(easy, option, value);
}
CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return libcurl.easy_setopt(easy, option, value);
}
CURLcode ccurl_set_receiver(CURL *easy, CURLoption option, curl_write_callback value) {
  return libcurl.easy_setopt(easy, option, value);
}
CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) { return libcurl.easy_getinfo(easy, info, value); }
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return libcurl.multi_setopt(multi, option, value);
}

CURLcode ccurl_set_ready_callback(CURL *easy, curl_prereq_callback value, void *context) {
  CURLcode code = libcurl.easy_setopt(easy, CURLOPT_PREREQDATA, context);
  return code ? code : libcurl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

void ccurl_set_quick_exit(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
  libcurl.easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
  (void)easy;
#endif
}

const char *ccurl_built_in_authorities(void) { return libcurl.version_info(CURLVERSION_NOW)->cainfo; }
