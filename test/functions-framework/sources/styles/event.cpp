/** A plain CloudEvent function. */
#include <google/cloud/functions/cloud_event.h>

#include <iostream>

namespace gcf = ::google::cloud::functions;

void HelloEvent(gcf::CloudEvent event) { std::cout << "event " << event.id() << " " << std::move(event).data().value_or("") << "\n"; }
