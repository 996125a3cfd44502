# The commit that a binary was made from, in a source of its own: only that file and the link are new after a commit.
#
#   weft_revision(TARGET)                adds the source to TARGET
#
# The same file, run as a script, writes it when it has changed: cmake -DOUTPUT=… -DFOLDER=… -DGIVEN=… -P weft_revision.cmake
# WEFT_REVISION names the commit where there is no repository, as in an image or an unpacked archive.
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
  set(revision "${GIVEN}")
  if(NOT revision)
    execute_process(COMMAND git -C ${FOLDER} rev-parse --show-toplevel OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE
      ERROR_QUIET RESULT_VARIABLE failed)
    file(REAL_PATH ${FOLDER} folder)
    # A repository around an unpacked archive says nothing about it.
    if(failed EQUAL 0 AND top STREQUAL folder)
      execute_process(COMMAND git -C ${FOLDER} describe --always --abbrev=12 --dirty --exclude=* OUTPUT_VARIABLE revision
        OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
  endif()
  if(NOT revision MATCHES "^[0-9A-Za-z._-]+$")
    set(revision unknown)
  endif()
  file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT "#include \"node/build_info.hpp\"\nnamespace weft::node {\nstd::string_view revision() { return \"@revision@\"; }\n}  // namespace weft::node\n")
  return()
endif()

set(WEFT_REVISION "" CACHE STRING "the commit, where it cannot be asked of git")
function(weft_revision target)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_revision.cpp)
  add_custom_target(${target}_revision BYPRODUCTS ${output} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DFOLDER=${PROJECT_SOURCE_DIR} -DGIVEN=${WEFT_REVISION}
      -P ${PROJECT_SOURCE_DIR}/cmake/weft_revision.cmake)
  target_sources(${target} PRIVATE ${output})
  add_dependencies(${target} ${target}_revision)
endfunction()
