/** An event, as the CloudEvents specification 1.0 describes it. */
#ifndef GOOGLE_CLOUD_FUNCTIONS_CLOUD_EVENT_H
#define GOOGLE_CLOUD_FUNCTIONS_CLOUD_EVENT_H

#include <google/cloud/functions/version.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** Can be copied, not assigned: what identifies an event never changes. */
class CloudEvent {
 public:
  inline static auto constexpr kDefaultSpecVersion = "1.0";

  using ClockType = std::chrono::system_clock;
  using time_point = ClockType::time_point;

  CloudEvent(std::string id, std::string source, std::string type, std::string spec_version = kDefaultSpecVersion)
      : id_(std::move(id)), source_(std::move(source)), type_(std::move(type)), spec_version_(std::move(spec_version)) {}

  // Required attributes.

  [[nodiscard]] std::string id() const { return id_; }
  [[nodiscard]] std::string source() const { return source_; }
  [[nodiscard]] std::string type() const { return type_; }
  [[nodiscard]] std::string spec_version() const { return spec_version_; }

  // Optional attributes.

  [[nodiscard]] std::optional<std::string> data_content_type() const { return data_content_type_; }
  [[nodiscard]] std::optional<std::string> data_schema() const { return data_schema_; }
  [[nodiscard]] std::optional<std::string> subject() const { return subject_; }
  [[nodiscard]] std::optional<time_point> time() const { return time_; }

  void set_data_content_type(std::string value) { data_content_type_ = std::move(value); }
  void reset_data_content_type() { data_content_type_.reset(); }
  void set_data_schema(std::string value) { data_schema_ = std::move(value); }
  void reset_data_schema() { data_schema_.reset(); }
  void set_subject(std::string value) { subject_ = std::move(value); }
  void reset_subject() { subject_.reset(); }
  void set_time(time_point value) { time_ = value; }
  /** @throws std::invalid_argument for what is no date and time of RFC 3339. */
  void set_time(std::string const &timestamp);
  void reset_time() { time_.reset(); }

  // The payload: any bytes.

  [[nodiscard]] std::optional<std::string> data() const & { return data_; }
  [[nodiscard]] std::optional<std::string> data() && { return std::move(data_); }
  void set_data(std::string value) { data_ = std::move(value); }
  void reset_data() { data_.reset(); }

 private:
  std::string const id_;
  std::string const source_;
  std::string const type_;
  std::string const spec_version_;
  std::optional<std::string> data_content_type_;
  std::optional<std::string> data_schema_;
  std::optional<std::string> subject_;
  std::optional<time_point> time_;
  std::optional<std::string> data_;
};

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

#endif
