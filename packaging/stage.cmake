# SPDX-License-Identifier: MIT
# CPack runs this between installing into its own folder and making a package of that: what only packages have.
set(stage ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(doc ${stage}/usr/share/doc/ftpfs)

# compress(FILE): as distributions want their manual pages, with nothing in it that changes from build to build.
function(compress file)
  execute_process(COMMAND gzip -9n ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

compress(${stage}/usr/share/man/man1/ftpfs.1)
compress(${stage}/usr/share/man/man8/mount.ftpfs.8)
foreach(other mount.fuse.ftpfs umount.ftpfs umount.fuse.ftpfs)
  file(REMOVE ${stage}/usr/share/man/man8/${other}.8)
  file(CREATE_LINK mount.ftpfs.8.gz ${stage}/usr/share/man/man8/${other}.8.gz SYMBOLIC)
endforeach()
compress(${doc}/changelog)

# Root's spool and cache belong to the package: they go with it when they are empty. Other users must not look into
# them.
foreach(own /var/lib/ftpfs /var/cache/ftpfs)
  file(MAKE_DIRECTORY ${stage}${own})
  file(CHMOD ${stage}${own} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endforeach()

file(GLOB completion ${stage}/usr/share/zsh/*/_ftpfs)
if(CPACK_GENERATOR STREQUAL "DEB")
  set(zsh ${stage}/usr/share/zsh/vendor-completions)
  file(MAKE_DIRECTORY ${stage}/usr/share/lintian/overrides)
  file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides ${stage}/usr/share/lintian/overrides/ftpfs)
else()
  set(zsh ${stage}/usr/share/zsh/site-functions)
endif()
file(MAKE_DIRECTORY ${zsh})
if(NOT completion STREQUAL "${zsh}/_ftpfs")
  file(RENAME ${completion} ${zsh}/_ftpfs)
  cmake_path(GET completion PARENT_PATH emptied)
  file(REMOVE_RECURSE ${emptied})
endif()
