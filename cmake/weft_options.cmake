# Compile options every module shares: target weft_options.
find_package(Threads REQUIRED)
add_library(weft_options INTERFACE)
target_compile_options(weft_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
target_link_libraries(weft_options INTERFACE Threads::Threads)
target_compile_definitions(weft_options INTERFACE WEFT_VERSION="${PROJECT_VERSION}")
# No absolute source path in assert texts or debug data: builds from two folders are alike.
target_compile_options(weft_options INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(WEFT_SANITIZE)
  target_compile_options(weft_options INTERFACE -fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(weft_options INTERFACE -fsanitize=${WEFT_SANITIZE})
endif()
