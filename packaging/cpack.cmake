# SPDX-License-Identifier: MIT
# `cpack -G DEB` and `cpack -G RPM` in the build folder of a release; `packaging/build` runs both.
set(FTPFS_PACKAGER "ftpfs authors <ftpfs@localhost>" CACHE STRING "Who answers for the packages, NAME <ADDRESS>")

set(CPACK_PACKAGE_NAME ftpfs)
set(CPACK_PACKAGE_CONTACT ${FTPFS_PACKAGER})
set(CPACK_PACKAGE_VENDOR "ftpfs authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "mount FTP and FTPS servers as directories")
set(CPACK_PACKAGE_DESCRIPTION
"Makes a directory of an FTP server appear in the file system, so that every
program can read and write there: every way to open a file works, close()
returns what the server said, and what could not be sent survives a crash.
TLS is used whenever the server offers it. Works from fstab, with autofs and
with systemd, and as an ordinary user.")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/stage.cmake)

# fuse3: fusermount3, for users other than root; it depends on mount(8), which the helpers call.
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_DEPENDS fuse3)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_DESCRIPTION ${CPACK_PACKAGE_DESCRIPTION})
set(CPACK_RPM_PACKAGE_LICENSE MIT)
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Base")
set(CPACK_RPM_PACKAGE_REQUIRES fuse3)
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none")
set(CPACK_PACKAGE_RELOCATABLE OFF)  # mount(8) looks in one place only
# The spool of root goes with the package where it is empty, and stays where something in it was never sent.
set(CPACK_RPM_USER_FILELIST "%dir %attr(0700,root,root) /var/lib/ftpfs" "%dir %attr(0700,root,root) /var/cache/ftpfs")
# What belongs to the distribution.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
  /usr/lib/systemd /usr/lib/systemd/system /usr/sbin /usr/share/man /usr/share/man/man1 /usr/share/man/man8
  /usr/share/bash-completion /usr/share/bash-completion/completions /usr/share/zsh /usr/share/zsh/site-functions
  /usr/share/fish /usr/share/fish/vendor_completions.d /var /var/cache /var/lib)

include(CPack)
