/** Prints each event that it gets as a line of JSON. What is absent is null; data is text in base 16. */
#include <google/cloud/functions/cloud_event.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <stdexcept>

namespace gcf = ::google::cloud::functions;

namespace {

std::string hex(std::string const &bytes) {
  std::string text;
  char digits[3];
  for (const unsigned char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

std::string field(char const *name, std::optional<std::string> const &value) {
  return std::string("\"") + name + "\":" + (value ? "\"" + hex(*value) + "\"" : "null") + ",";
}

}  // namespace

void Recorder(gcf::CloudEvent event) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  if (event.id() == "throw") throw std::runtime_error("the event says so");
  std::cout << "{" << field("id", event.id()) << field("source", event.source()) << field("type", event.type())
            << field("specversion", event.spec_version()) << field("datacontenttype", event.data_content_type())
            << field("dataschema", event.data_schema()) << field("subject", event.subject()) << field("data", event.data()) << "\"micros\":";
  if (event.time()) {
    std::cout << duration_cast<microseconds>(event.time()->time_since_epoch()).count();
  } else {
    std::cout << "null";
  }
  std::cout << "}";  // without an end of line: what is printed is flushed all the same
}
