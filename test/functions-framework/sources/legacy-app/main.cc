#include <google/cloud/functions/framework.h>

google::cloud::functions::Function UseLegacy();

int main(int argc, char *argv[]) { return google::cloud::functions::Run(argc, argv, UseLegacy()); }
