# Fails unless README holds PROGRAM as a code block, to the letter.
file(READ "${README}" readme)
file(READ "${PROGRAM}" program)
string(FIND "${readme}" "```cpp\n${program}```\n" at)
if(at EQUAL -1)
  message(FATAL_ERROR "${README} does not quote ${PROGRAM} as it is; copy the program into it again")
endif()
