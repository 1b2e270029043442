/** A whole program: its function uses what lies on the stack of `main`. */
#include <google/cloud/functions/framework.h>

namespace gcf = ::google::cloud::functions;

int main(int argc, char *argv[]) {
  std::string greeting = "program ";
  for (int i = 1; i < argc; i++) greeting += std::string(argv[i]) + " ";
  struct Witness {
    std::string &greeting;
    ~Witness() { greeting = "gone "; }
  } witness{greeting};
  return gcf::Run(argc, argv, gcf::MakeFunction([&](gcf::HttpRequest const &request) {
    return gcf::HttpResponse().set_payload(witness.greeting + request.payload());
  }));
}
