# Botan 3.7 or later: the one deploy/build-botan.sh installed (Debian 12), else the system's (Debian 13). Defines Botan::botan.
include(${CMAKE_CURRENT_LIST_DIR}/weft_cache.cmake)
set(_hints ${WEFT_CACHE}/botan)
find_path(BOTAN_INCLUDE_DIR botan/build.h HINTS ${_hints}/include/botan-3 PATH_SUFFIXES botan-3 NO_CMAKE_FIND_ROOT_PATH)
# Of the system the shared one, so that its security updates reach the binary.
find_library(BOTAN_LIBRARY NAMES libbotan-3.a PATHS ${_hints}/lib NO_DEFAULT_PATH)
find_library(BOTAN_LIBRARY NAMES botan-3)
if(BOTAN_INCLUDE_DIR AND EXISTS ${BOTAN_INCLUDE_DIR}/botan/build.h)
  file(STRINGS ${BOTAN_INCLUDE_DIR}/botan/build.h _lines REGEX "#define BOTAN_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+).*" "\\1.\\2.\\3" BOTAN_VERSION "${_lines}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Botan REQUIRED_VARS BOTAN_LIBRARY BOTAN_INCLUDE_DIR VERSION_VAR BOTAN_VERSION)
if(Botan_FOUND AND NOT TARGET Botan::botan)
  add_library(Botan::botan UNKNOWN IMPORTED)
  set_target_properties(Botan::botan PROPERTIES IMPORTED_LOCATION ${BOTAN_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${BOTAN_INCLUDE_DIR})
endif()
mark_as_advanced(BOTAN_INCLUDE_DIR BOTAN_LIBRARY)
