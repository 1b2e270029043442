/** Shows what an HTTP function sees, and does what the request's target says. */
#include <google/cloud/functions/function.h>

#include <iostream>
#include <memory>
#include <stdexcept>

namespace gcf = ::google::cloud::functions;

namespace {

struct ForeignImpl : gcf::HttpResponse::Impl {
  void set_payload(std::string value) override { text = std::move(value); }
  std::string const &payload() const override { return text; }
  void set_result(int) override {}
  int result() const override { return 200; }
  void set_header(std::string_view, std::string_view) override {}
  gcf::HttpResponse::HeadersType headers() const override { return {}; }
  void set_version(int, int) override {}
  int version_major() const override { return 1; }
  int version_minor() const override { return 1; }
  std::string text;
};

gcf::HttpResponse seen(gcf::HttpRequest const &request) {
  std::string text = request.verb() + " " + request.target() + " " + std::to_string(request.version_major()) + "." +
                     std::to_string(request.version_minor()) + "\n";
  for (auto const &[name, value] : request.headers()) text += name + "=" + value + "\n";
  return gcf::HttpResponse().set_payload(text + "\n" + request.payload());
}

gcf::HttpResponse shared() {
  gcf::HttpResponse response;
  gcf::HttpResponse copy = response;
  copy.set_result(gcf::HttpResponse::kAccepted).set_payload("set in the copy");
  copy.set_header("x-name", "old").set_header("X-Name", "new");
  return response;
}

}  // namespace

gcf::HttpResponse Mirror(gcf::HttpRequest request) {
  auto const &target = request.target();
  if (target == "/throw") throw std::runtime_error("a \"quoted\"\nreason \xff \x01");
  if (target == "/throw-int") throw 42;
  if (target == "/foreign") return gcf::HttpResponse(std::make_unique<ForeignImpl>());
  if (target == "/shared") return shared();
  if (target == "/exit") std::exit(3);
  if (target == "/trap") __builtin_trap();
  if (target == "/framing")
    return gcf::HttpResponse().set_header("Content-Length", "99").set_header("Connection", "close").set_header("Transfer-Encoding", "chunked").set_payload("three");
  if (target == "/status") return gcf::HttpResponse().set_result(std::stoi(request.payload()));
  if (target == "/illegal") return gcf::HttpResponse().set_header("X-Name", "two\r\nlines: 1");
  if (target == "/echo") return gcf::HttpResponse().set_payload(std::move(request).payload()).set_header("content-type", "application/octet-stream");
  if (target == "/print") {
    std::cout << "to cout";
    std::clog << "to clog\n";
    std::cerr << "to cerr\n";
  }
  return seen(request);
}
