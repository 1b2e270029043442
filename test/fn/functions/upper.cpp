/** The C++ kit: a handler of the whole request, exceptions, headers to iterate over. */
#include <fn/fdk.hpp>

#include <cctype>
#include <vector>

static std::vector<std::string> *greetings;

FN_INIT([] { greetings = new std::vector<std::string>{"hello", "again"}; })

FN_HANDLE([](const fn::request &request, fn::response &response) {
  if (request.header("X-Throw")) throw std::runtime_error("thrown at " + std::string(*request.header("X-Throw")));
  if (request.header("X-Illegal")) response.status(42);
  std::string text(request.body());
  for (char &c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  int headers = 0;
  for (const auto &[name, value] : request.headers()) headers += name.substr(0, 2) == "X-" && !value.empty();
  response.type("text/plain").header("X-Headers", std::to_string(headers)).status(request.is_http() ? 201 : 200);
  response.write(greetings->front()).write(" ").write(text);
})
