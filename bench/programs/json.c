/* A recursive JSON parser that builds a tree in an arena, over a document of nested objects, arrays, numbers and text. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES (512 * 1024)
#define NODES (256 * 1024)

struct node { int32_t kind, next, child; uint32_t hash; double number; };

static char text[TEXT_BYTES];
static struct node nodes[NODES];
static int32_t used;
static const char *at;

static void skip_space(void) { while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++; }

static int32_t new_node(int32_t kind) {
  nodes[used] = (struct node){.kind = kind, .next = -1, .child = -1};
  return used++;
}

static uint32_t parse_text(void) {
  uint32_t hash = 2166136261u;
  for (at++; *at != '"'; at++) {
    if (*at == '\\') at++;
    hash = (hash ^ (uint8_t)*at) * 16777619u;
  }
  at++;
  return hash;
}

static double parse_number(void) {
  double value = 0, scale = 1;
  int negative = *at == '-';
  if (negative) at++;
  while (*at >= '0' && *at <= '9') value = value * 10 + (*at++ - '0');
  if (*at == '.') for (at++; *at >= '0' && *at <= '9'; at++) value += (*at - '0') * (scale /= 10);
  return negative ? -value : value;
}

static int32_t parse_value(void);

static int32_t parse_members(int32_t kind, char close) {
  int32_t parent = new_node(kind), last = -1;
  at++;
  for (skip_space(); *at != close; skip_space()) {
    uint32_t hash = 0;
    if (kind == 'o') {
      hash = parse_text();
      skip_space();
      at++;
    }
    int32_t value = parse_value();
    nodes[value].hash ^= hash;
    if (last < 0) nodes[parent].child = value; else nodes[last].next = value;
    last = value;
    skip_space();
    if (*at == ',') at++;
  }
  at++;
  return parent;
}

static int32_t parse_value(void) {
  skip_space();
  if (*at == '{') return parse_members('o', '}');
  if (*at == '[') return parse_members('a', ']');
  int32_t value;
  if (*at == '"') {
    value = new_node('s');
    nodes[value].hash = parse_text();
  } else if (*at == 't' || *at == 'f' || *at == 'n') {
    value = new_node(*at);
    at += *at == 'f' ? 5 : 4;
  } else {
    value = new_node('d');
    nodes[value].number = parse_number();
  }
  return value;
}

static uint32_t digest(int32_t node) {
  uint32_t sum = 0;
  for (; node >= 0; node = nodes[node].next)
    sum = sum * 31 + nodes[node].hash + (uint32_t)(int32_t)nodes[node].number + digest(nodes[node].child);
  return sum;
}

static void write_document(void) {
  char *to = text;
  *to++ = '[';
  for (int i = 0; to < text + TEXT_BYTES - 512; i++)
    to += sprintf(to,
                  "%s{\"id\": %d, \"name\": \"customer number %d\", \"active\": %s, \"balance\": -%d.%02d,\n  \"tags\": [\"a\", \"b%d\", null],"
                  " \"address\": {\"street\": \"Main \\\"St\\\" %d\", \"zip\": \"%05d\", \"at\": [%d.5, %d.25]}}",
                  i ? ",\n" : "", i, i * 7, i % 3 ? "true" : "false", i * 13, i % 100, i, i % 200, i % 99999, i % 90, i % 180);
  strcpy(to, "]");
}

__attribute__((export_name("run"))) uint32_t run(uint32_t rounds) {
  uint32_t sum = 0;
  if (text[0] == 0) write_document();
  while (rounds--) {
    at = text;
    used = 0;
    sum += digest(parse_value());
  }
  return sum;
}
