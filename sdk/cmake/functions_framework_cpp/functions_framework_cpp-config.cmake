# find_package(functions_framework_cpp): what functions written against <google/cloud/functions/...> link, natively and for WebAssembly.
if(TARGET functions-framework-cpp::framework)
  return()
endif()

get_filename_component(_functions_framework_cpp_sdk "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)

if(CMAKE_SYSTEM_PROCESSOR STREQUAL "wasm32")
  # Weft's compiler links the runtime by itself.
  add_library(functions_framework_cpp_framework INTERFACE)
  set(_functions_framework_cpp_scope INTERFACE)
else()
  find_package(Threads REQUIRED)
  add_library(functions_framework_cpp_framework STATIC
              "${_functions_framework_cpp_sdk}/lib/contracts/functions-framework/native.cpp")
  target_link_libraries(functions_framework_cpp_framework PUBLIC Threads::Threads)
  set(_functions_framework_cpp_scope PUBLIC)
endif()

target_include_directories(functions_framework_cpp_framework SYSTEM ${_functions_framework_cpp_scope}
                           "${_functions_framework_cpp_sdk}/include")
target_compile_features(functions_framework_cpp_framework ${_functions_framework_cpp_scope} cxx_std_17)
add_library(functions-framework-cpp::framework ALIAS functions_framework_cpp_framework)

# The library that is a function, of all C++ sources below a folder.
function(functions_framework_cpp_define_target_with_glob directory)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${directory}/*.cc" "${directory}/*.cpp" "${directory}/*.cxx")
  add_library(functions_framework_cpp_function ${sources})
  target_link_libraries(functions_framework_cpp_function PUBLIC functions-framework-cpp::framework)
endfunction()
