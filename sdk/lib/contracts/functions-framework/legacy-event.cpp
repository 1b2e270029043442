/**
 * Events as Google's functions got them before CloudEvents: JSON with a context (or its members at the top) and data. What type, source and
 * subject they have as CloudEvents depends on the service that they come from.
 */
#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "events.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

using functions::CloudEvent;
using Names = std::pair<std::string_view, std::string_view>;

constexpr std::string_view storage = "storage.googleapis.com";
constexpr std::string_view pubsub = "pubsub.googleapis.com";
constexpr std::string_view firestore = "firestore.googleapis.com";
constexpr std::string_view firebase_auth = "firebaseauth.googleapis.com";
constexpr std::string_view firebase_database = "firebasedatabase.googleapis.com";
constexpr std::string_view storage_prefix = "google.storage.object.";

/** Beginning of a type → the service, for events that do not name it. */
constexpr std::array<Names, 7> services = {{
    {"providers/cloud.firestore/", firestore},
    {"providers/google.firebase.analytics/", "firebaseanalytics.googleapis.com"},
    {"providers/firebase.auth/", firebase_auth},
    {"providers/google.firebase.database/", firebase_database},
    {"providers/cloud.pubsub/", pubsub},
    {"providers/cloud.storage/", storage},
    {storage_prefix, storage},
}};

constexpr std::array<Names, 18> types = {{
    {"google.pubsub.topic.publish", "google.cloud.pubsub.topic.v1.messagePublished"},
    {"providers/cloud.pubsub/eventTypes/topic.publish", "google.cloud.pubsub.topic.v1.messagePublished"},
    {"google.storage.object.finalize", "google.cloud.storage.object.v1.finalized"},
    {"google.storage.object.delete", "google.cloud.storage.object.v1.deleted"},
    {"google.storage.object.archive", "google.cloud.storage.object.v1.archived"},
    {"google.storage.object.metadataUpdate", "google.cloud.storage.object.v1.metadataUpdated"},
    {"providers/cloud.firestore/eventTypes/document.write", "google.cloud.firestore.document.v1.written"},
    {"providers/cloud.firestore/eventTypes/document.create", "google.cloud.firestore.document.v1.created"},
    {"providers/cloud.firestore/eventTypes/document.update", "google.cloud.firestore.document.v1.updated"},
    {"providers/cloud.firestore/eventTypes/document.delete", "google.cloud.firestore.document.v1.deleted"},
    {"providers/firebase.auth/eventTypes/user.create", "google.firebase.auth.user.v1.created"},
    {"providers/firebase.auth/eventTypes/user.delete", "google.firebase.auth.user.v1.deleted"},
    {"providers/firebase.remoteConfig/remoteconfig.update", "google.firebase.remoteconfig.remoteConfig.v1.updated"},
    {"providers/google.firebase.analytics/eventTypes/event.log", "google.firebase.analytics.log.v1.written"},
    {"providers/google.firebase.database/eventTypes/ref.create", "google.firebase.database.ref.v1.created"},
    {"providers/google.firebase.database/eventTypes/ref.write", "google.firebase.database.ref.v1.written"},
    {"providers/google.firebase.database/eventTypes/ref.update", "google.firebase.database.ref.v1.updated"},
    {"providers/google.firebase.database/eventTypes/ref.delete", "google.firebase.database.ref.v1.deleted"},
}};

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string quoted(std::string const &text) { return '"' + text + '"'; }

/** A field of the context, which may also stand at the top. */
Json const *field(Json const &event, std::string const &name) {
  Json const *context = event.find("context");
  Json const *found = context == nullptr ? nullptr : context->find(name);
  return found != nullptr ? found : event.find(name);
}

std::string const &required_field(Json const &event, std::string const &name) {
  Json const *found = field(event, name);
  if (found == nullptr || !found->is(Json::Kind::string)) throw std::invalid_argument("missing or not a string: \"" + name + "\"");
  return found->text;
}

Json const &required_object(Json const &parent, std::string const &name) {
  Json const *found = parent.find(name);
  if (found == nullptr || !found->is(Json::Kind::object)) throw std::invalid_argument("missing or not an object: \"" + name + "\"");
  return *found;
}

/** An object with a name and perhaps a service, or only the name. */
std::string const &resource_name(Json const &event) {
  Json const *resource = field(event, "resource");
  if (resource != nullptr && resource->is(Json::Kind::object)) return required_string(*resource, "name");
  return required_field(event, "resource");
}

std::string service_of(Json const &event, std::string const &type) {
  Json const *resource = field(event, "resource");
  if (auto const *service = resource == nullptr ? nullptr : resource->find_string("service")) return *service;
  for (auto const &[prefix, service] : services) {
    if (begins_with(type, prefix)) return std::string(service);
  }
  throw std::invalid_argument("no service is known for the event type " + quoted(type));
}

std::string cloud_event_type(std::string const &type) {
  for (auto const &[before, now] : types) {
    if (type == before) return std::string(now);
  }
  if (begins_with(type, storage_prefix)) return type;
  throw std::invalid_argument("unknown event type " + quoted(type));
}

/** What one event becomes; made service by service. */
struct Conversion {
  std::string source;
  std::string subject;
  /** Text of JSON; empty: there is none. */
  std::string data;
};

/** `head/tail` at the first place where `mark` stands; `mark` begins the tail. */
std::pair<std::string, std::string> split_before(std::string const &name, std::string_view mark) {
  const auto at = name.find(mark);
  if (at == std::string::npos) throw std::invalid_argument("no " + std::string(mark.substr(1)) + "… in the resource " + quoted(name));
  return {name.substr(0, at), name.substr(at + 1)};
}

std::string source_of(std::string_view service, std::string const &resource) { return "//" + std::string(service) + '/' + resource; }

std::string data_of(Json const &event) {
  Json const *data = event.find("data");
  return data == nullptr ? std::string() : data->dump();
}

Conversion convert_storage(Json const &event, std::string const &resource) {
  auto [bucket, object] = split_before(resource, "/objects/");
  // A generation may follow the name of the object; a name may have a "#" in it too.
  const auto mark = object.rfind('#');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (mark != std::string::npos && mark + 1 < object.size() && std::all_of(object.begin() + static_cast<std::ptrdiff_t>(mark) + 1, object.end(), is_digit))
    object.resize(mark);
  return {source_of(storage, bucket), object, data_of(event)};
}

Conversion convert_pubsub(Json const &event, std::string const &resource) {
  Json message = required_object(event, "data");
  message.members["messageId"] = Json::string(required_field(event, "eventId"));
  message.members["publishTime"] = Json::string(required_field(event, "timestamp"));
  Json data = Json::object();
  data.members["message"] = std::move(message);
  return {source_of(pubsub, resource), {}, data.dump()};
}

Conversion convert_firestore(Json const &event, std::string const &resource) {
  const auto [database, document] = split_before(resource, "/documents/");
  return {source_of(firestore, database), document, data_of(event)};
}

Conversion convert_firebase_auth(Json const &event, std::string const &resource) {
  Json data = required_object(event, "data");
  const std::string subject = "users/" + required_string(data, "uid");
  Json metadata = required_object(data, "metadata");
  const auto rename = [&](char const *before, char const *now) {
    const auto found = metadata.members.find(before);
    if (found == metadata.members.end()) return;
    metadata.members[now] = std::move(found->second);
    metadata.members.erase(before);
  };
  rename("createdAt", "createTime");
  rename("lastSignedInAt", "lastSignInTime");
  data.members["metadata"] = std::move(metadata);
  return {source_of(firebase_auth, resource), subject, data.dump()};
}

/** The place of a database is in the domain only, and the first place there was has a domain without it. */
Conversion convert_firebase_database(Json const &event, std::string const &resource) {
  std::string const &domain = required_string(event, "domain");
  const std::string location = domain == "firebaseio.com" ? "us-central1" : domain.substr(0, domain.find('.'));
  const auto [database, path] = split_before(resource, "/refs/");
  const auto [project, instance] = split_before(database, "/instances/");
  return {source_of(firebase_database, project + "/locations/" + location + '/' + instance), path, data_of(event)};
}

Conversion convert(Json const &event, std::string const &service) {
  std::string const &resource = resource_name(event);
  if (service == storage) return convert_storage(event, resource);
  if (service == pubsub) return convert_pubsub(event, resource);
  if (service == firestore) return convert_firestore(event, resource);
  if (service == firebase_auth) return convert_firebase_auth(event, resource);
  if (service == firebase_database) return convert_firebase_database(event, resource);
  return {source_of(service, resource), {}, event.dump()};
}

}  // namespace

CloudEvent parse_legacy_event(std::string_view payload) {
  const Json event = parse_json(payload);
  std::string const &type = required_field(event, "eventType");
  auto [source, subject, data] = convert(event, service_of(event, type));
  CloudEvent converted(required_field(event, "eventId"), std::move(source), cloud_event_type(type));
  converted.set_data_content_type("application/json");
  if (!subject.empty()) converted.set_subject(std::move(subject));
  converted.set_time(required_field(event, "timestamp"));
  if (!data.empty()) converted.set_data(std::move(data));
  return converted;
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
