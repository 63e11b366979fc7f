# All that knows the processor is in a folder of its own, which is chosen here and nowhere else.
# arch.h says what the files of this folder must give.
set(FFITAP_ARCH ${CMAKE_SYSTEM_PROCESSOR})
if(FFITAP_ARCH STREQUAL "AMD64")
  set(FFITAP_ARCH x86_64)
endif()
set(FFITAP_ARCH_FOLDER ${CMAKE_CURRENT_LIST_DIR}/${FFITAP_ARCH})

set(missing)
foreach(file add.h impersonate.S machine.h return_site.c slot_rule.h ticks.h)
  if(NOT EXISTS ${FFITAP_ARCH_FOLDER}/${file})
    list(APPEND missing ${file})
  endif()
endforeach()
if(missing)
  list(JOIN missing ", " missing)
  message(FATAL_ERROR "ffitap: it is not ported to ${CMAKE_SYSTEM_PROCESSOR}: "
                      "src/arch/${FFITAP_ARCH} lacks ${missing}; src/arch/arch.h says what they must give")
endif()
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  message(FATAL_ERROR "ffitap: it is for Linux, and this is ${CMAKE_SYSTEM_NAME}")
endif()
