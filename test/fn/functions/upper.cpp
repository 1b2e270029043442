/** The C++ kit: a handler of the whole request, exceptions, headers to iterate over. */
#include <fn/fdk.hpp>

#include <cctype>
#include <vector>

static std::vector<std::string> *greetings;

FN_INIT([] { greetings = new std::vector<std::string>{"hello", "again"}; })

/** Sets what has a NUL in it; gives how often that was not refused. */
static int set_nuls(fn::response &response) {
  using namespace std::string_literals;
  int taken = 0;
  for (const int at : {0, 1, 2}) {
    try {
      if (at == 0) response.header("X-A\0B"s, "c");
      if (at == 1) response.header("X-A", "b\0c"s);
      if (at == 2) response.type("text/plain\0; charset=none"s);
      taken++;
    } catch (const fn::error &error) {
      taken += error.code() != FN_INVALID;
    }
  }
  return taken;
}

FN_HANDLE([](const fn::request &request, fn::response &response) {
  if (request.header("X-Throw")) throw std::runtime_error("thrown at " + std::string(*request.header("X-Throw")));
  if (request.header("X-Illegal")) response.status(42);
  if (request.header("X-Nul")) {
    const bool found = request.header(std::string("X-Nul\0", 6)).has_value() || fn::config(std::string("FN_MEMORY\0", 10)).has_value();
    response.write(std::to_string(set_nuls(response)) + (found ? " taken, found" : " taken"));
    return;
  }
  std::string text(request.body());
  for (char &c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  int headers = 0;
  for (const auto &[name, value] : request.headers()) headers += name.substr(0, 2) == "X-" && !value.empty();
  response.type("text/plain").header("X-Headers", std::to_string(headers)).status(request.is_http() ? 201 : 200);
  response.write(greetings->front()).write(" ").write(text);
})
