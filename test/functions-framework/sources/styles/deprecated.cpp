/** A whole program of before 1.1: Run() is given the function itself. */
#include <google/cloud/functions/framework.h>

#include <iostream>

namespace gcf = ::google::cloud::functions;

int main(int argc, char *argv[]) {
  return gcf::Run(argc, argv, [](gcf::CloudEvent event) { std::cout << "deprecated " << event.id() << "\n"; });
}
