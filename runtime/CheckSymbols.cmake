# Fails when the runtime object needs anything that `cc` alone would not link: first by name, for a clear message, then by
# linking it with the C library and nothing else.
execute_process(COMMAND ${NM} --undefined-only --format=posix ${OBJECT} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
if(ALLOWED)
  string(REGEX REPLACE "(^|\n)(${ALLOWED}) [^\n]*" "\\1" symbols "${symbols}")
endif()
string(REGEX MATCHALL "[^\n ]*(_Z|__cxa|__gxx|_Unwind|__asan|__ubsan|__tsan|__glibcxx|sqrt|pow|exp|log|dlopen|dlsym|dlerror)[^\n ]* " foreign "${symbols}")
if(foreign)
  file(REMOVE ${OBJECT})
  message(FATAL_ERROR "the runtime object needs symbols of libstdc++, libm, a sanitizer or the dynamic linker: ${foreign}")
endif()
execute_process(COMMAND ${CC} -shared -nostdlib -Wl,-z,defs,--defsym=skipModelImage=0,--defsym=skipTrainingImage=0 ${OBJECT} -lc -o ${OBJECT}.linked.so
                RESULT_VARIABLE status ERROR_VARIABLE errors)
file(REMOVE ${OBJECT}.linked.so)
if(NOT status EQUAL 0)
  file(REMOVE ${OBJECT})
  message(FATAL_ERROR "the runtime object does not link with the C library alone: ${errors}")
endif()
