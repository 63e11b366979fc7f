# Live: it starts a session daemon of its own.
add_test(NAME e2e.core_trace
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/core_trace.sh $<TARGET_FILE:core_host>
                 $<TARGET_FILE_DIR:ffitap>)
