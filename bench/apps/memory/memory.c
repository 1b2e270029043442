/** Uses as much memory as it is asked for: ?bytes=n. */
#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  const char *asked = weft_request_parameter(request, "bytes");
  const size_t bytes = asked == NULL ? 1 : strtoul(asked, NULL, 10);
  char *memory = malloc(bytes);
  if (memory == NULL) return -1;
  memset(memory, 'x', bytes);
  return weft_response_write(response, memory + bytes - 1, 1);
}
