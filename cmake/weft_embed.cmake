# The status page becomes part of a target: a generated source defines `page_files()` (node/page_files.hpp).
#
#   weft_embed(TARGET FOLDER)
#
# index.html comes with FOLDER's style sheet and scripts inside, so that a browser asks once; the other files that it names
# stay files. A script module's imports and exports take a line each and keep their names; main.js runs last.
#
# The same file, run as a script, writes that source: cmake -DOUTPUT=… -DFOLDER=… -P weft_embed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
  set(arrays "")
  set(entries "")
  set(number 0)
  # Puts content where the page refers to it.
  function(inline reference content)
    string(FIND "${page}" "${reference}" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "index.html has no ${reference}")
    endif()
    string(REPLACE "${reference}" "${content}" page "${page}")
    set(page "${page}" PARENT_SCOPE)
  endfunction()
  function(add_entry name path)
    file(READ ${path} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," hex "${hex}")
    string(APPEND arrays "constexpr char file_${number}[]{\n${hex}};\n")
    string(APPEND entries "    {\"${name}\", {file_${number}, sizeof file_${number}}},\n")
    math(EXPR number "${number} + 1")
    set(arrays "${arrays}" PARENT_SCOPE)
    set(entries "${entries}" PARENT_SCOPE)
    set(number ${number} PARENT_SCOPE)
  endfunction()

  file(GLOB modules ${FOLDER}/*.js)
  list(SORT modules)
  list(REMOVE_ITEM modules ${FOLDER}/main.js)
  set(script "")
  foreach(module IN LISTS modules ITEMS ${FOLDER}/main.js)
    file(READ ${module} text)
    string(REGEX REPLACE "\nimport [^\n]*" "" text "${text}")
    string(REGEX REPLACE "\nexport " "\n" text "${text}")
    string(APPEND script "${text}")
  endforeach()
  file(READ ${FOLDER}/page.css style)
  file(READ ${FOLDER}/index.html page)
  inline("<link rel=\"stylesheet\" href=\"page.css\">" "<style>${style}</style>")
  inline("<script type=\"module\" src=\"main.js\"></script>" "<script type=\"module\">${script}</script>")
  file(WRITE ${OUTPUT}.html "${page}")
  add_entry(index.html ${OUTPUT}.html)
  add_entry(icon.svg ${FOLDER}/icon.svg)
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
