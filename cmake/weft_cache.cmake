# Where the project's own scripts keep what they have built: WEFT_CACHE.
if(DEFINED ENV{XDG_CACHE_HOME})
  set(WEFT_CACHE $ENV{XDG_CACHE_HOME}/weft)
else()
  set(WEFT_CACHE $ENV{HOME}/.cache/weft)
endif()
