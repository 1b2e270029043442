// A global object that cannot be made.
#include <stdexcept>

namespace {

struct Configuration {
  Configuration() { throw std::runtime_error("no configuration"); }
} configuration;

}  // namespace

int main() {}
