# Files that become part of a target: a generated source defines `page_files()` (node/page_files.hpp).
#
#   weft_embed(TARGET FOLDER)            every file of FOLDER, by name
#
# The same file, run as a script, writes that source: cmake -DOUTPUT=… -DFOLDER=… -P weft_embed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
  file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*)
  list(SORT names)
  set(arrays "")
  set(entries "")
  set(number 0)
  foreach(name IN LISTS names)
    file(READ ${FOLDER}/${name} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," hex "${hex}")
    string(APPEND arrays "constexpr char file_${number}[]{\n${hex}};\n")
    string(APPEND entries "    {\"${name}\", {file_${number}, sizeof file_${number}}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  file(WRITE ${OUTPUT} "#include \"node/page_files.hpp\"\n#include <array>\nnamespace weft::node {\nnamespace {\n${arrays}"
    "constexpr std::array<page_file, ${number}> files{{\n${entries}}};\n}  // namespace\n"
    "std::span<const page_file> page_files() { return files; }\n}  // namespace weft::node\n")
  return()
endif()

function(weft_embed target folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_files.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/weft_embed.cmake)
  add_custom_command(OUTPUT ${output} DEPENDS ${files} ${script} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DFOLDER=${folder} -P ${script})
  target_sources(${target} PRIVATE ${output})
endfunction()
