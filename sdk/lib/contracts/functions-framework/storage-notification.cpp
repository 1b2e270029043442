#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "encoding.h"
#include "events.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

using functions::CloudEvent;

constexpr std::string_view message_published = "google.cloud.pubsub.topic.v1.messagePublished";

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> notified_types = {{
    {"OBJECT_FINALIZE", "google.cloud.storage.object.v1.finalized"},
    {"OBJECT_METADATA_UPDATE", "google.cloud.storage.object.v1.metadataUpdated"},
    {"OBJECT_DELETE", "google.cloud.storage.object.v1.deleted"},
    {"OBJECT_ARCHIVE", "google.cloud.storage.object.v1.archived"},
}};

std::optional<std::string> storage_type(std::string const &notified) {
  for (auto const &[name, type] : notified_types) {
    if (notified == name) return std::string(type);
  }
  return std::nullopt;
}

/** The message of a notification; nothing when this is another message. */
std::optional<Json> message_of(CloudEvent const &event) {
  const auto type = event.data_content_type();
  const auto data = event.data();
  if (event.type() != message_published || !data) return std::nullopt;
  if (type && type->find("json") == std::string::npos) return std::nullopt;
  try {
    Json json = parse_json(*data);
    Json const *message = json.find("message");
    return message == nullptr ? std::nullopt : std::optional<Json>(*message);
  } catch (std::exception const &) {
    return std::nullopt;  // the function may know what to make of it
  }
}

}  // namespace

CloudEvent unwrap_storage_event(CloudEvent event) {
  const auto message = message_of(event);
  Json const *attributes = message ? message->find("attributes") : nullptr;
  std::string const *data = message ? message->find_string("data") : nullptr;
  if (attributes == nullptr || data == nullptr) return event;
  for (auto const *name : {"notificationConfig", "eventType", "payloadFormat", "bucketId", "objectId", "objectGeneration"}) {
    if (attributes->find_string(name) == nullptr) return event;
  }
  const auto type = storage_type(required_string(*attributes, "eventType"));
  if (!type || required_string(*attributes, "payloadFormat") != "JSON_API_V1") return event;
  CloudEvent unwrapped(event.id(), "//storage.googleapis.com/projects/_/buckets/" + required_string(*attributes, "bucketId"), *type,
                       event.spec_version());
  unwrapped.set_data_content_type("application/json");
  unwrapped.set_data_schema("google.events.cloud.storage.v1.StorageObjectData");
  unwrapped.set_subject("objects/" + required_string(*attributes, "objectId"));
  if (const auto time = event.time()) unwrapped.set_time(*time);
  unwrapped.set_data(decode_base64(*data));
  return unwrapped;
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
