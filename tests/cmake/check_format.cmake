# Every C++ file under the module folders is formatted as .clang-format says.
file(GLOB_RECURSE files ${TREE}/base/*.[ch]pp ${TREE}/metrics/*.[ch]pp ${TREE}/transport/*.[ch]pp ${TREE}/routing/*.[ch]pp
  ${TREE}/messaging/*.[ch]pp ${TREE}/storage/*.[ch]pp ${TREE}/actors/*.[ch]pp ${TREE}/node/*.[ch]pp ${TREE}/bench/*.[ch]pp
  ${TREE}/tests/*.[ch]pp)
list(LENGTH files count)
if(count LESS 20)
  message(FATAL_ERROR "only ${count} files found under ${TREE}")
endif()
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror ${files} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "not formatted; run ${CLANG_FORMAT} -i on the files above")
endif()
message(STATUS "${count} files are formatted")
