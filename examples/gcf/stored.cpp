/** A CloudEvent function: a line in the log for each event. */
#include <google/cloud/functions/cloud_event.h>

#include <iostream>
#include <stdexcept>

namespace gcf = ::google::cloud::functions;

namespace uploads {

void Stored(gcf::CloudEvent const &event) {
  if (event.source().empty()) throw std::invalid_argument("an event without a source");
  std::cout << event.type() << ": " << event.subject().value_or("?") << " of " << event.source() << "\n";
}

}  // namespace uploads
