# `cpack` makes Debian's packages and an archive for machines without them, from any build: libraries lie
# in the same folders under every prefix, and nothing that is installed knows the prefix.
set(packages ${PROJECT_SOURCE_DIR}/tools/packages)
set(CPACK_PACKAGE_CONTACT "The ffitap authors <authors@ffitap.invalid>" CACHE STRING
    "Who answers for the packages")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_FILE_NAME ${PROJECT_NAME}-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_PROJECT_CONFIG_FILE ${packages}/refuse.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${packages}/prepare.cmake)
if(CMAKE_GENERATOR MATCHES Ninja) # cpack calls make(1) by itself
  set(CPACK_INSTALL_COMMANDS "\"${CMAKE_COMMAND}\" --build \"${PROJECT_BINARY_DIR}\"")
endif()
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# What the scripts in tools/packages have to be told.
set(CPACK_FFITAP_INSTALL ${PROJECT_BINARY_DIR}/packages/INSTALL)
set(CPACK_FFITAP_LIBDIR ${CMAKE_INSTALL_LIBDIR})
set(CPACK_FFITAP_ARCHITECTURE "${CMAKE_LIBRARY_ARCHITECTURE}")
set(CPACK_FFITAP_SANITIZE "${FFITAP_SANITIZE}")

# Components. What is in no other component belongs to the program's
# (CMAKE_INSTALL_DEFAULT_COMPONENT_NAME).
set(CPACK_COMPONENTS_ALL program library development documentation)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(library libffitap${PROJECT_VERSION_MAJOR})
set(same_library "${library} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME ffitap)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "${same_library}, lttng-tools")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS python3)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS ffitap-doc)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"see what happens between a program and the libraries it calls
ffitap runs a program, unmodified, and counts or records what it does by
foreign function interfaces such as Python's ctypes and cffi, Ruby's Fiddle
or PHP's FFI: which libraries it loads, which symbols it looks up, every
call with its duration, how long the interpreter lock was given up and how
long it took to get it back, and what the calls left in errno.

Recordings are LTTng traces; reports are tables or JSON with a schema.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SUGGESTS ffitap)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION
"ctypes' loading and calling of libraries, for C and C++
libffitap loads libraries and calls their functions at run time, as
Python's ctypes does: all fundamental types, structures by value, variadic
functions, callbacks, a private errno, and the interpreter lock given up
around calls if CPython is in the process.

What it does can be counted and traced; with the package ffitap installed,
LTTng sees it as well.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libffitap-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${same_library}")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS ffitap-doc)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"ctypes' loading and calling of libraries, for C and C++ (headers)
libffitap loads libraries and calls their functions at run time, as
Python's ctypes does.

This package has what programs are built with: the headers, a manual page,
and what CMake and pkg-config need to find the library.")

set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_NAME ffitap-doc)
set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_SECTION doc)
set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DOCUMENTATION_PACKAGE_SUGGESTS libffitap-dev)
set(CPACK_DEBIAN_DOCUMENTATION_DESCRIPTION
"see what happens between a program and the libraries it calls (guide)
ffitap runs a program, unmodified, and counts or records what it does by
foreign function interfaces such as Python's ctypes.

This package has an overview with a session, examples of programs that are
built with libffitap, and the program of the tutorial. The manual pages,
the tutorial among them, come with the program.")

# What other packages built against the library will depend on, and what dpkg does once it has come
# or gone. The tap is only for the program of the same version.
file(CONFIGURE OUTPUT packages/shlibs @ONLY NEWLINE_STYLE UNIX
     CONTENT "libffitap @PROJECT_VERSION_MAJOR@ @library@ (>= @PROJECT_VERSION@)
libffitap-tap @PROJECT_VERSION_MAJOR@ @library@ (= @PROJECT_VERSION@)\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA
    ${PROJECT_BINARY_DIR}/packages/shlibs ${packages}/triggers)

# The licence stands in LICENSE; Debian wants it indented, with a dot in empty lines.
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT license)
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT documentation)
file(READ ${PROJECT_SOURCE_DIR}/LICENSE license)
string(REGEX REPLACE "^MIT License\n\n(Copyright [^\n]*)\n\n" "" license "${license}")
string(REGEX REPLACE "^Copyright \\(c\\) " "" holder "${CMAKE_MATCH_1}")
string(STRIP "${license}" license)
string(REGEX REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
configure_file(${packages}/copyright.in packages/copyright @ONLY)
cmake_host_system_information(RESULT built_on QUERY DISTRIB_PRETTY_NAME)
configure_file(${packages}/INSTALL.in packages/INSTALL @ONLY)
configure_file(${packages}/changelog.in packages/changelog @ONLY)

# Only Debian's packages have these files, which are installed with their own component only.
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(name ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  install(FILES ${PROJECT_BINARY_DIR}/packages/copyright ${PROJECT_BINARY_DIR}/packages/changelog
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

include(CPack)
