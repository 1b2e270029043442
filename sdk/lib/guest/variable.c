#include "variable.h"

#include <stdlib.h>
#include <string.h>

#define SHORT_BYTES 256

struct variable {
  struct variable *next;
  weft_lookup lookup;
  const char *value;
  char name[];
};

static struct variable *variables;

static const char *kept(weft_lookup lookup, const char *name) {
  for (const struct variable *v = variables; v != NULL; v = v->next) {
    if (v->lookup == lookup && strcmp(v->name, name) == 0) return v->value;
  }
  return NULL;
}

static const char *keep(weft_lookup lookup, const char *name, size_t name_length, const char *value, size_t length) {
  struct variable *variable = malloc(sizeof *variable + name_length + 1 + length + 1);
  if (variable == NULL) return NULL;
  memcpy(variable->name, name, name_length + 1);
  char *copy = variable->name + name_length + 1;
  if (value != NULL) {
    memcpy(copy, value, length);
  } else {
    lookup(name, name_length, copy, length);
  }
  copy[length] = '\0';
  variable->next = variables;
  variable->lookup = lookup;
  variable->value = copy;
  variables = variable;
  return copy;
}

const char *weft_variable(weft_lookup lookup, const char *name) {
  const char *value = kept(lookup, name);
  if (value != NULL) return value;
  char first[SHORT_BYTES];
  const size_t name_length = strlen(name);
  const int32_t length = lookup(name, name_length, first, sizeof first);
  if (length < 0) return NULL;
  // A longer value is asked for again, now that its length is known.
  return keep(lookup, name, name_length, (size_t)length <= sizeof first ? first : NULL, length);
}
