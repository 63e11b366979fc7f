# cpack reads this for each kind of package before anything is installed. It refuses builds that
# would make bad packages.
if(CPACK_FFITAP_SANITIZE)
  message(FATAL_ERROR "ffitap: a build with sanitizers (${CPACK_FFITAP_SANITIZE}) is none to package")
endif()
if(CPACK_GENERATOR STREQUAL "DEB" AND NOT CPACK_FFITAP_LIBDIR STREQUAL "lib/${CPACK_FFITAP_ARCHITECTURE}")
  message(FATAL_ERROR "ffitap: Debian's packages have libraries in lib/${CPACK_FFITAP_ARCHITECTURE} and "
                      "this build has them in ${CPACK_FFITAP_LIBDIR}: configure it without "
                      "CMAKE_INSTALL_LIBDIR, in a new folder")
endif()
