/** Not a function at all. */
#include <google/cloud/functions/framework.h>

int main() { return 0; }
