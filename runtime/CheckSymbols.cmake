# Fails when the runtime object needs anything that `cc` alone would not link.
execute_process(COMMAND ${NM} --undefined-only --format=posix ${OBJECT} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n ]*(_Z|__cxa|__gxx|_Unwind|__asan|__ubsan|__tsan|__glibcxx|sqrt|pow|exp|log)[^\n ]* " foreign "${symbols}")
if(foreign)
  file(REMOVE ${OBJECT})
  message(FATAL_ERROR "the runtime object needs symbols of libstdc++, libm or a sanitizer: ${foreign}")
endif()
