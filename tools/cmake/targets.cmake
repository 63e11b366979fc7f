# What every target of the project builds on: the imported libraries, the warnings, the sanitizers.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(FFI REQUIRED IMPORTED_TARGET libffi)
pkg_check_modules(LTTNG_UST REQUIRED IMPORTED_TARGET lttng-ust)
pkg_check_modules(LTTNG_CTL REQUIRED IMPORTED_TARGET lttng-ctl)
pkg_check_modules(BABELTRACE2 REQUIRED IMPORTED_TARGET babeltrace2)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(POPT REQUIRED IMPORTED_TARGET popt)
pkg_check_modules(NCURSES REQUIRED IMPORTED_TARGET ncursesw)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(GLIB REQUIRED IMPORTED_TARGET glib-2.0)

add_library(ffitap_options INTERFACE)
target_compile_options(ffitap_options INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
  $<$<BOOL:${FFITAP_WERROR}>:-Werror>)
target_compile_definitions(ffitap_options INTERFACE _GNU_SOURCE FFITAP_VERSION="${PROJECT_VERSION}")
target_include_directories(ffitap_options INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${FFITAP_ARCH_FOLDER})
if(FFITAP_SANITIZE)
  target_compile_options(ffitap_options INTERFACE
    -fsanitize=${FFITAP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ffitap_options INTERFACE -fsanitize=${FFITAP_SANITIZE})
endif()

# Gives a shared library its version script, and makes a change of that script relink it.
function(ffitap_exports target script)
  target_link_options(${target} PRIVATE
    LINKER:--version-script=${CMAKE_CURRENT_SOURCE_DIR}/${script} LINKER:--no-undefined
    LINKER:-z,nodelete LINKER:-z,now LINKER:-Bsymbolic-functions)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${script})
endfunction()

# Links a library with the tap. The references are weak (FFITAP__CROSSING says why), and those alone
# would not make the linker note that the tap is needed, if it is told --as-needed.
function(ffitap_use_tap target tap)
  target_link_libraries(${target} PRIVATE ${tap})
  target_compile_definitions(${target} PRIVATE FFITAP__OUTSIDE_TAP)
  target_link_options(${target} PRIVATE LINKER:--no-as-needed)
endfunction()

# Libraries that only ffitap itself uses lie apart from the public ones, because nobody links with
# them by name.
set(FFITAP_PRIVATE_LIBDIR ${CMAKE_INSTALL_LIBDIR}/ffitap)
function(ffitap_private_library target)
  set_target_properties(${target} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${FFITAP_PRIVATE_LIBDIR} INSTALL_RPATH $ORIGIN)
endfunction()
