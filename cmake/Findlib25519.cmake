# lib25519: the one deploy/build-lib25519.sh installed (Debian 12), else the system's (Debian 13). Defines lib25519::lib25519.
include(${CMAKE_CURRENT_LIST_DIR}/weft_cache.cmake)
find_path(LIB25519_INCLUDE_DIR lib25519.h HINTS ${WEFT_CACHE}/lib25519/include)
find_library(LIB25519_LIBRARY NAMES lib25519.a PATHS ${WEFT_CACHE}/lib25519/lib NO_DEFAULT_PATH)
find_library(LIB25519_LIBRARY NAMES 25519)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(lib25519 REQUIRED_VARS LIB25519_LIBRARY LIB25519_INCLUDE_DIR)
if(lib25519_FOUND AND NOT TARGET lib25519::lib25519)
  add_library(lib25519::lib25519 UNKNOWN IMPORTED)
  set_target_properties(lib25519::lib25519 PROPERTIES IMPORTED_LOCATION ${LIB25519_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LIB25519_INCLUDE_DIR})
endif()
mark_as_advanced(LIB25519_INCLUDE_DIR LIB25519_LIBRARY)
