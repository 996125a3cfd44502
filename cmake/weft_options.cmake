# Compile options every module shares: target weft_options.
find_package(Threads REQUIRED)
add_library(weft_options INTERFACE)
target_compile_options(weft_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
# GCC 12 reports overlapping copies inside std::string's operator+ that cannot happen (GCC bug 105651).
target_compile_options(weft_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
target_link_libraries(weft_options INTERFACE Threads::Threads)
target_compile_definitions(weft_options INTERFACE WEFT_VERSION="${PROJECT_VERSION}")
# No absolute source path in assert texts or debug data: builds from two folders are alike.
target_compile_options(weft_options INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(WEFT_FUZZ)
  # Coverage in the modules is what libFuzzer steers by.
  target_compile_options(weft_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(WEFT_SANITIZE)
  # Instrumented code hides from GCC that a value is set: false reports, as its manual says of sanitized builds.
  target_compile_options(weft_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_compile_options(weft_options INTERFACE -fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(weft_options INTERFACE -fsanitize=${WEFT_SANITIZE})
endif()
