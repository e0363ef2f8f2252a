# SPDX-License-Identifier: Apache-2.0
# Makes a C source that holds files as they are: cmake -DOUT=x.c -DROOT=dir "-DFILES=a;b" -DHEADER=x.h -DTYPE=tag
# -DTABLE=name -P embed.cmake; the struct, of that tag, has name, bytes and n.
set(text "/* made by cmake/embed.cmake */\n#include \"${HEADER}\"\n\n")
set(table "const struct ${TYPE} ${TABLE}[] = {\n")
set(i 0)
foreach(file ${FILES})
	file(READ ${ROOT}/${file} hex HEX)
	string(LENGTH "${hex}" n)
	math(EXPR n "${n} / 2")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(APPEND text "static const unsigned char file${i}[] = {${bytes}0};\n")
	string(APPEND table "\t{\"${file}\", (const char *)file${i}, ${n}},\n")
	math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUT} "${text}\n${table}\t{0, 0, 0},\n};\n")
