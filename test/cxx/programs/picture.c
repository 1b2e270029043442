/* A PNG on standard input, decoded, halved, and its bytes printed: Debian's stb. */
#include <stdio.h>
#include <stdlib.h>
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#include <stb/stb_image.h>
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb/stb_image_resize.h>

static unsigned char input[65536];

static void print(const char *what, const unsigned char *bytes, int width, int height, int channels) {
  printf("%s %dx%dx%d", what, width, height, channels);
  for (int i = 0; i < width * height * channels; i++) printf(" %d", bytes[i]);
  printf("\n");
}

int main(void) {
  const size_t length = fread(input, 1, sizeof input, stdin);
  int width, height, channels;
  unsigned char *image = stbi_load_from_memory(input, (int)length, &width, &height, &channels, 0);
  if (image == NULL) {
    printf("refused: %s\n", stbi_failure_reason());
    return 0;
  }
  print("decoded", image, width, height, channels);
  unsigned char *small = malloc((size_t)(width / 2 * (height / 2) * channels));
  stbir_resize_uint8(image, width, height, 0, small, width / 2, height / 2, 0, channels);
  print("halved", small, width / 2, height / 2, channels);
  free(small);
  stbi_image_free(image);
  return 0;
}
