# cpack reads this when the files lie as they will be packed. An archive is an installation, and a
# file that says how to use it.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
  file(COPY ${CPACK_FFITAP_INSTALL} DESTINATION ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
  return()
endif()

# What is different in Debian's packages, and what they depend on. cpack could ask dpkg-shlibdeps by
# itself, but it needs file(1) for that, shows dpkg-shlibdeps one package at a time, and adds
# scripts that call ldconfig, which a trigger does already.

set(staging ${CPACK_TEMPORARY_INSTALL_DIRECTORY}) # with a folder for each component
set(libdir usr/${CPACK_FFITAP_LIBDIR})

# -n, so that the same files always make the same package: without it, the time would be in it.
file(GLOB_RECURSE texts ${staging}/*/usr/share/man/*.[1-9] ${staging}/*/usr/share/doc/changelog)
execute_process(COMMAND gzip -9n ${texts} COMMAND_ERROR_IS_FATAL ANY)

# Debian's packages cannot be moved, so ffitap.pc gets a fixed prefix: pkg-config then recognizes
# the folders that every compiler searches anyway.
set(pc ${staging}/development/${libdir}/pkgconfig/ffitap.pc)
file(READ ${pc} text)
string(REGEX REPLACE "^prefix=[^\n]*" "prefix=/usr" text "${text}")
file(WRITE ${pc} "${text}")

# The executables and libraries below `folder`.
function(find_objects found folder)
  set(objects "")
  file(GLOB_RECURSE files LIST_DIRECTORIES false ${folder}/usr/*)
  foreach(file IN LISTS files)
    file(READ ${file} magic LIMIT 4 HEX)
    if(magic STREQUAL "7f454c46" AND NOT IS_SYMLINK ${file})
      list(APPEND objects ${file})
    endif()
  endforeach()
  set(${found} ${objects} PARENT_SCOPE)
endfunction()

# dpkg-shlibdeps works in a source package, and takes what has a folder DEBIAN for a package.
find_program(shlibdeps dpkg-shlibdeps REQUIRED)
set(source ${CPACK_TOPLEVEL_DIRECTORY}/shlibdeps)
file(WRITE ${source}/debian/control "")
file(COPY ${CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA} DESTINATION ${staging}/library/DEBIAN)
file(MAKE_DIRECTORY ${staging}/program/DEBIAN)
foreach(component program library)
  find_objects(objects ${staging}/${component})
  execute_process(
    COMMAND ${shlibdeps} -O -x${CPACK_DEBIAN_LIBRARY_PACKAGE_NAME} -S${staging}/library
            -l${staging}/library/${libdir}/ffitap ${objects}
    WORKING_DIRECTORY ${source} OUTPUT_VARIABLE depends ERROR_VARIABLE warnings RESULT_VARIABLE status)
  if(NOT status EQUAL 0) # otherwise its warnings are about things that are as they should be
    message(FATAL_ERROR "ffitap: ${warnings}")
  endif()
  string(REGEX MATCH "shlibs:Depends=([^\n]*)" depends "${depends}")
  string(TOUPPER ${component} upper)
  list(APPEND CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS ${CMAKE_MATCH_1})
  list(JOIN CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS ", " CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS)
endforeach()
file(REMOVE_RECURSE ${staging}/library/DEBIAN ${staging}/program/DEBIAN ${source})
