/** What the conformance suite wants of a CloudEvent function: the event as JSON, in a file of the working directory. */
#include <google/cloud/functions/function.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <stdexcept>

namespace gcf = ::google::cloud::functions;

namespace {

std::string rfc3339(gcf::CloudEvent::time_point time) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(micros / 1'000'000);
  char text[64];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", std::gmtime(&seconds));
  std::snprintf(text + length, sizeof text - length, ".%06dZ", static_cast<int>(micros % 1'000'000));
  return text;
}

void record(gcf::CloudEvent const &event) {
  std::ofstream file("function_output.json", std::ios::trunc);
  const auto attribute = [&](char const *name, std::string const &value) { file << '"' << name << "\":\"" << value << "\","; };
  file << '{';
  attribute("id", event.id());
  attribute("source", event.source());
  attribute("type", event.type());
  attribute("specversion", event.spec_version());
  if (event.subject()) attribute("subject", *event.subject());
  if (event.time()) attribute("time", rfc3339(*event.time()));
  if (event.data_content_type()) attribute("datacontenttype", *event.data_content_type());
  file << "\"data\":" << event.data().value_or("null") << "}\n";
  if (!file.flush()) throw std::runtime_error("cannot write function_output.json");
}

}  // namespace

gcf::Function EventConformance() { return gcf::MakeFunction(record); }
