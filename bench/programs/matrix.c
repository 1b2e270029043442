/* A matrix product, written the simple way. */
#include <stdint.h>

#define N 192

static double a[N][N], b[N][N], c[N][N];

__attribute__((export_name("run"))) uint32_t run(uint32_t rounds) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = i * 3 + j % 7;
      b[i][j] = j * 5 - i % 11;
    }
  while (rounds--)
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        double sum = 0;
        for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
        a[i][j] += 1e-9 * (int)rounds;
      }
  double sum = 0;
  for (int i = 0; i < N; i++) sum += c[i][(i * 7) % N];
  return (uint32_t)sum;
}
