/** Names of functions to their ids, which the host gives out. Asking it takes longer than a call does, so they are kept. */
#include <weft/v1.h>

#include <string.h>

#include "runtime.h"

#define ENTRIES 8
/** A longer name is asked for each time. */
#define NAME_BYTES 24

WEFT_IMPORT("resolve") int32_t host_resolve(const char *name, uint32_t length);

struct entry {
  const char *key;
  weft_function id;
  char name[NAME_BYTES];
};

static struct entry entries[ENTRIES];
static uint32_t used;

/**
 * A caller mostly names a function by the same literal, so the pointer finds the entry. What it points to may have changed
 * since, so the text is compared all the same.
 */
static struct entry *known(const char *name) {
  for (uint32_t i = 0; i < ENTRIES; i++) {
    if (entries[i].key == name && strcmp(entries[i].name, name) == 0) return &entries[i];
  }
  for (uint32_t i = 0; i < ENTRIES; i++) {
    if (entries[i].key != NULL && strcmp(entries[i].name, name) == 0) return &entries[i];
  }
  return NULL;
}

static weft_function ask(const char *name) {
  const size_t length = strlen(name);
  const weft_function id = host_resolve(name, length);
  if (id < 0 || length >= NAME_BYTES) return id;
  struct entry *entry = &entries[used++ % ENTRIES];
  entry->key = name;
  entry->id = id;
  memcpy(entry->name, name, length + 1);
  return id;
}

weft_function weft_find(const char *name) {
  const struct entry *entry = known(name);
  return entry != NULL ? entry->id : ask(name);
}
