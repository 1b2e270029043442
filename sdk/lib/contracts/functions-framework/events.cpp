/** Which form of an event a request has, its headers say (CloudEvents, HTTP protocol binding, section 3). */
#include "events.h"

#include <optional>
#include <stdexcept>
#include <utility>

#include "encoding.h"
#include "fields.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

using functions::CloudEvent;
using functions::HttpRequest;

constexpr std::string_view batch_type = "application/cloudevents-batch+json";
constexpr std::string_view structured_type = "application/cloudevents+json";
constexpr std::string_view json_type = "application/json";

std::optional<std::string> header(HttpRequest const &request, std::string_view name) {
  for (auto const &[key, value] : request.headers()) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

std::string required_header(HttpRequest const &request, std::string const &name) {
  auto value = header(request, name);
  if (!value) throw std::invalid_argument("missing header: " + name);
  return *std::move(value);
}

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

CloudEvent parse_binary(HttpRequest const &request) {
  auto id = required_header(request, "ce-id");
  auto source = required_header(request, "ce-source");
  auto type = required_header(request, "ce-type");
  CloudEvent event(std::move(id), std::move(source), std::move(type),
                   header(request, "ce-specversion").value_or(CloudEvent::kDefaultSpecVersion));
  const auto own = header(request, "ce-datacontenttype");
  const auto http = header(request, "content-type");
  if (own && http && *own != *http) throw std::invalid_argument("Mismatched ce-datacontentype and Content-Type header values");
  if (own || http) event.set_data_content_type(own ? *own : *http);
  if (auto schema = header(request, "ce-dataschema")) event.set_data_schema(*std::move(schema));
  if (auto subject = header(request, "ce-subject")) event.set_subject(*std::move(subject));
  if (const auto time = header(request, "ce-time")) event.set_time(*time);
  // A body that comes in chunks has no Content-Length, and is data all the same.
  if (!request.payload().empty() || header(request, "content-length")) event.set_data(request.payload());
  return event;
}

/** What is null is not there (CloudEvents, JSON format, section 2.2). */
Json const *present(Json const &json, char const *name) {
  Json const *found = json.find(name);
  return found == nullptr || found->is(Json::Kind::null) ? nullptr : found;
}

void take_data(CloudEvent &event, Json const &json) {
  if (Json const *data = present(json, "data")) {
    if (data->is(Json::Kind::object)) return event.set_data(data->dump());
    if (data->is(Json::Kind::string)) return event.set_data(data->text);
    throw std::invalid_argument("the \"data\" of an event must be an object or a string");
  }
  if (present(json, "data_base64") != nullptr) event.set_data(decode_base64(required_string(json, "data_base64")));
}

CloudEvent parse_structured(Json const &json) {
  const auto optional = [&](char const *name, auto const &use) {
    if (present(json, name) != nullptr) use(required_string(json, name));
  };
  std::string version = CloudEvent::kDefaultSpecVersion;
  optional("specversion", [&](std::string const &value) { version = value; });
  auto const &id = required_string(json, "id");
  auto const &source = required_string(json, "source");
  CloudEvent event(id, source, required_string(json, "type"), std::move(version));
  optional("datacontenttype", [&](std::string const &value) { event.set_data_content_type(value); });
  optional("dataschema", [&](std::string const &value) { event.set_data_schema(value); });
  optional("subject", [&](std::string const &value) { event.set_subject(value); });
  optional("time", [&](std::string const &value) { event.set_time(value); });
  take_data(event, json);
  return event;
}

std::vector<CloudEvent> parse_batch(std::string_view payload) {
  const Json json = parse_json(payload);
  if (!json.is(Json::Kind::array)) throw std::invalid_argument("a batch of events must be a JSON array");
  std::vector<CloudEvent> events;
  events.reserve(json.items.size());
  for (auto const &item : json.items) events.push_back(parse_structured(item));
  return events;
}

CloudEvent parse_one(HttpRequest const &request) {
  const auto type = header(request, "content-type");
  const bool id = header(request, "ce-id").has_value();
  const bool source = header(request, "ce-source").has_value();
  const bool kind = header(request, "ce-type").has_value();
  // A call from another function has no headers, and so no other way to say what it carries.
  const bool bare = !type && !id && !source && !kind && !request.payload().empty();
  if (bare || (type && starts_with(*type, structured_type))) return parse_structured(parse_json(request.payload()));
  if (type && starts_with(*type, json_type) && !(id && source && kind)) return parse_legacy_event(request.payload());
  return parse_binary(request);
}

}  // namespace

std::string const &required_string(Json const &object, std::string const &name) {
  if (auto const *value = object.find_string(name)) return *value;
  throw std::invalid_argument("missing or not a string: \"" + name + "\"");
}

std::vector<CloudEvent> parse_events(HttpRequest const &request) {
  const auto type = header(request, "content-type");
  if (type && starts_with(*type, batch_type)) return parse_batch(request.payload());
  std::vector<CloudEvent> events;
  events.push_back(unwrap_storage_event(parse_one(request)));
  return events;
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
