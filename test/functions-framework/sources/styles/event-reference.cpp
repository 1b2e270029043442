/** The same by reference. */
#include <google/cloud/functions/cloud_event.h>

#include <iostream>

namespace gcf = ::google::cloud::functions;

void HelloEvent(gcf::CloudEvent const &event) { std::cout << "reference " << event.id() << " " << event.data().value_or("") << "\n"; }
