# The Debian package (`make deb`) and `cmake --install`. What says something about the binary is printed by the binary:
# manual pages, completions, the example configuration.
include(GNUInstallDirs)
set(made ${PROJECT_BINARY_DIR}/package_files)
set(shipped "")
# weft_printed(FILE command…) makes FILE from what the binary prints; gzip when it ends in .gz.
function(weft_printed file)
  set(pipe cat)
  if(file MATCHES "\\.gz$")
    # -n: no time stamp, so that two builds give the same file.
    set(pipe "gzip -9n")
  endif()
  string(JOIN " " words ${ARGN})
  add_custom_command(OUTPUT ${made}/${file} DEPENDS weft VERBATIM COMMAND ${CMAKE_COMMAND} -E make_directory ${made}
    COMMAND sh -c "\"$1\" ${words} > \"$2.new\" && ${pipe} < \"$2.new\" > \"$2\" && rm \"$2.new\"" sh $<TARGET_FILE:weft> ${made}/${file})
  set(shipped ${shipped} ${made}/${file} PARENT_SCOPE)
endfunction()
weft_printed(weft.1.gz completion man)
weft_printed(weft.toml.5.gz config defaults --manual)
weft_printed(weft.bash completion bash)
weft_printed(weft.zsh completion zsh)
weft_printed(weft.fish completion fish)
weft_printed(config.toml config defaults)
# Stripped before the bill of materials, whose checksum is of the file that is shipped.
add_custom_command(OUTPUT ${made}/weft DEPENDS weft VERBATIM COMMAND ${CMAKE_COMMAND} -E make_directory ${made}
  COMMAND ${CMAKE_STRIP} -o ${made}/weft $<TARGET_FILE:weft>)
add_custom_command(OUTPUT ${made}/weft.spdx.json DEPENDS ${made}/weft ${PROJECT_SOURCE_DIR}/deploy/sbom.py VERBATIM
  COMMAND sh -c "\"$1\" \"$2\" \"$3\" > \"$4\"" sh ${PROJECT_SOURCE_DIR}/deploy/sbom.py ${made}/weft ${PROJECT_BINARY_DIR} ${made}/weft.spdx.json)
add_custom_target(weft_package_files DEPENDS ${shipped} ${made}/weft.spdx.json)

install(PROGRAMS ${made}/weft TYPE BIN)
install(FILES ${made}/weft.1.gz DESTINATION share/man/man1)
install(FILES ${made}/weft.toml.5.gz DESTINATION share/man/man5)
install(FILES ${made}/weft.bash DESTINATION share/bash-completion/completions RENAME weft)
install(FILES ${made}/weft.zsh DESTINATION share/zsh/vendor-completions RENAME _weft)
install(FILES ${made}/weft.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${made}/config.toml DESTINATION /etc/weft)
install(DIRECTORY deploy/scenarios DESTINATION share/weft FILES_MATCHING PATTERN *.toml)
install(FILES LICENSE DESTINATION share/doc/weft RENAME copyright)
install(FILES ${made}/weft.spdx.json README.md DESTINATION share/doc/weft)
install(FILES deploy/systemd/weft.service DESTINATION lib/systemd/system)
install(FILES deploy/systemd/weft.sysusers DESTINATION lib/sysusers.d RENAME weft.conf)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_VENDOR "The Weft authors")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Weft authors <weft@localhost>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# CPack puts the summary before the description, and a space before each line.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "peer-to-peer mesh node")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Weft connects over QUIC as libp2p does, keeps signed routes to nodes several
hops away and carries sealed private messages to them. One binary is the
daemon and its command line.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/debian/${script})
endforeach()
include(CPack)
