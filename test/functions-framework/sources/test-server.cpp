/** A server as the framework's own tests have them: on any free port, ended after its second connection. */
#include <google/cloud/functions/internal/framework_impl.h>

#include <iostream>

namespace gcf = ::google::cloud::functions;

int main(int argc, char *argv[]) {
  int connections = 0;
  return google::cloud::functions_internal::RunForTest(
      argc, argv, gcf::MakeFunction([](gcf::HttpRequest const &) { return gcf::HttpResponse().set_payload("served\n"); }),
      [&] { return ++connections == 2; }, [](int port) { std::cout << port << std::endl; });
}
