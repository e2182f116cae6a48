# Do today's schemas and those that were released understand each other, in both directions?
#
#   cmake -DSETTINGS=FILE -P check-released-schemas.cmake
#
# FILE sets FLATC, SCHEMAS (today's files), RELEASED (a folder with one for each version) and WORK (a
# folder for what is made). `flatc --conform` compares fields and enumerators of the same name. It
# does not see what has gone, was renamed, or belongs to the whole: files, tables, fields, enumerators;
# file identifiers and root types; structs that grew; `required`; the number type of an enum. So both
# schemas are also read as data: flatc turns their binary form into JSON.

cmake_policy(VERSION 3.25)
include("${SETTINGS}")

set(kinds none utype bool byte ubyte short ushort int uint long ulong float double string vector object union array)
set(breaks 0)

function(complain text mend)
  message(NOTICE "${text}\n    mend: ${mend}")
  math(EXPR count "${breaks} + 1")
  set(breaks ${count} PARENT_SCOPE)
endfunction()

# --- A schema as data ---------------------------------------------------------------------------

# The part of FlatBuffers' binary schema that counts here. The places of what does not are kept.
file(MAKE_DIRECTORY "${WORK}")
file(WRITE "${WORK}/binary_schema.fbs" [[
table Type { kind: byte; element: byte; index: int = -1; length: ushort; }
table Value { name: string; value: long; place2: int (deprecated); type: Type; }
table Enumeration { name: string; values: [Value]; is_union: bool; type: Type; }
table Field {
  name: string; type: Type; id: ushort; offset: ushort; default_integer: long; default_real: double;
  deprecated: bool; required: bool; key: bool; place9: int (deprecated); place10: int (deprecated); optional: bool;
}
table Object { name: string; fields: [Field]; is_struct: bool; alignment: int; size: int; }
table Schema {
  objects: [Object]; enums: [Enumeration]; identifier: string; extension: string; root: Object;
}
file_identifier "BFBS";
root_type Schema;
]])

function(run_flatc)
  execute_process(COMMAND "${FLATC}" ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    string(STRIP "${output}" output)
    message(FATAL_ERROR "flatc ${ARGN} failed:\n${output}")
  endif()
endfunction()

# What stands at a path of `json`: booleans are ON or OFF; empty where nothing does.
macro(get variable json)
  string(JSON ${variable} ERROR_VARIABLE get_error GET "${json}" ${ARGN})
  if(get_error)
    set(${variable} "")
  endif()
endmacro()

macro(count variable json)
  string(JSON ${variable} ERROR_VARIABLE get_error LENGTH "${json}" ${ARGN})
  if(get_error)
    set(${variable} 0)
  endif()
endmacro()

# A type as it is written in a schema. Uses the lists object_names and enum_names of the caller.
macro(describe_type variable json)
  get(type_kind "${json}" kind)
  get(type_element "${json}" element)
  get(type_index "${json}" index)
  get(type_length "${json}" length)
  list(GET kinds ${type_kind} type_word)
  set(type_inner ${type_kind})
  if(type_word STREQUAL "vector" OR type_word STREQUAL "array")
    set(type_inner ${type_element})
  endif()
  list(GET kinds ${type_inner} type_name)
  if(type_name STREQUAL "object")
    list(GET object_names ${type_index} type_name)
  elseif(NOT type_index EQUAL -1)
    list(GET enum_names ${type_index} type_enum)
    set(type_name "${type_enum} (${type_name})")
  endif()
  if(type_word STREQUAL "vector")
    set(type_name "[${type_name}]")
  elseif(type_word STREQUAL "array")
    set(type_name "[${type_name}:${type_length}]")
  endif()
  set(${variable} "${type_name}")
endmacro()

# Reads a schema; all that is set begins with `into`.
function(load_schema schema folder into)
  cmake_path(GET schema STEM stem)
  file(REMOVE_RECURSE "${folder}")
  run_flatc(--binary --schema -o "${folder}" "${schema}")
  run_flatc(--json --strict-json --defaults-json --raw-binary -o "${folder}" "${WORK}/binary_schema.fbs" --
            "${folder}/${stem}.bfbs")
  file(READ "${folder}/${stem}.json" json)
  # JSON has no such numbers.
  string(REGEX REPLACE "(\"default_real\": )([+-]?(nan|inf)[a-z]*)" "\\1\"\\2\"" json "${json}")

  foreach(list IN ITEMS object enum)
    set(${list}_names "")
    count(length "${json}" ${list}s)
    set(${list}_count ${length})
    foreach(n RANGE ${length})
      if(n LESS length)
        get(name "${json}" ${list}s ${n} name)
        list(APPEND ${list}_names "${name}")
      endif()
    endforeach()
  endforeach()
  set(${into}_objects "${object_names}" PARENT_SCOPE)
  set(${into}_enums "${enum_names}" PARENT_SCOPE)
  foreach(part IN ITEMS identifier "root;name")
    get(value "${json}" ${part})
    string(REGEX REPLACE ";.*" "" part "${part}")
    set(${into}_${part} "${value}" PARENT_SCOPE)
  endforeach()

  set(n 0)
  foreach(name IN LISTS object_names)
    get(object "${json}" objects ${n})
    math(EXPR n "${n} + 1")
    foreach(part IN ITEMS is_struct size alignment)
      get(value "${object}" ${part})
      set(${into}_${name}_${part} "${value}" PARENT_SCOPE)
    endforeach()
    set(fields "")
    count(length "${object}" fields)
    set(f 0)
    while(f LESS length)
      get(field "${object}" fields ${f})
      math(EXPR f "${f} + 1")
      get(field_name "${field}" name)
      list(APPEND fields "${field_name}")
      get(type "${field}" type)
      describe_type(text "${type}")
      set(${into}_${name}.${field_name}_type "${text}" PARENT_SCOPE)
      foreach(part IN ITEMS id offset default_integer default_real required optional deprecated)
        get(value "${field}" ${part})
        set(${into}_${name}.${field_name}_${part} "${value}" PARENT_SCOPE)
      endforeach()
    endwhile()
    set(${into}_${name}_fields "${fields}" PARENT_SCOPE)
  endforeach()

  set(n 0)
  foreach(name IN LISTS enum_names)
    get(enumeration "${json}" enums ${n})
    math(EXPR n "${n} + 1")
    get(type "${enumeration}" type)
    get(kind "${type}" kind)
    list(GET kinds ${kind} word)
    set(${into}_${name}_type "${word}" PARENT_SCOPE)
    set(values "")
    count(length "${enumeration}" values)
    set(v 0)
    while(v LESS length)
      get(value "${enumeration}" values ${v})
      math(EXPR v "${v} + 1")
      get(value_name "${value}" name)
      get(number "${value}" value)
      list(APPEND values "${value_name}")
      set(member "")
      get(type "${value}" type)
      if(type)
        describe_type(member "${type}")
      endif()
      set(${into}_${name}.${value_name}_number "${number}" PARENT_SCOPE)
      set(${into}_${name}.${value_name}_member "${member}" PARENT_SCOPE)
    endwhile()
    set(${into}_${name}_values "${values}" PARENT_SCOPE)
  endforeach()
endfunction()

# --- The comparison -------------------------------------------------------------------------------

# Which of today's fields of `object` has this id; empty: none.
function(field_with_id object id variable)
  set(${variable} "" PARENT_SCOPE)
  foreach(field IN LISTS new_${object}_fields)
    if(new_${object}.${field}_id EQUAL id)
      set(${variable} "${field}" PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

macro(compare_field object field)
  set(was "old_${object}.${field}")
  set(is "new_${object}.${field}")
  set(where "${file}: field ${object}.${field}")
  if(NOT "${field}" IN_LIST new_${object}_fields)
    field_with_id("${object}" "${${was}_id}" successor)
    if(successor STREQUAL "" OR "${successor}" IN_LIST old_${object}_fields)
      complain("${where} was released with ${version} and is gone"
               "put its line back; a field that is not used any more gets (deprecated) behind its type")
    else()
      complain("${where} was released with ${version} and is called ${successor} now"
               "give it back its name; a new meaning is a new field, after all others")
    endif()
  elseif(NOT ${was}_id EQUAL ${is}_id)
    complain("${where} was the ${${was}_id}. field in ${version} and is the ${${is}_id}. now, counted from 0"
             "put it back in its place; new fields come after all others")
  elseif(NOT ${was}_type STREQUAL ${is}_type)
    complain("${where} was of the type ${${was}_type} in ${version} and is ${${is}_type} now"
             "give it back its type; what needs another type is a new field, after all others")
  elseif(NOT ${was}_required STREQUAL ${is}_required)
    if(${is}_required STREQUAL "ON")
      complain("${where} was not required in ${version} and is now"
               "take (required) away; payloads without it have been sent")
    else()
      complain("${where} was required in ${version} and is not any more"
               "put (required) back; released readers refuse a payload without it")
    endif()
  elseif(NOT ${was}_optional STREQUAL ${is}_optional OR NOT ${was}_default_integer STREQUAL ${is}_default_integer
         OR NOT ${was}_default_real STREQUAL ${is}_default_real)
    default_text("${was}" old_default)
    default_text("${is}" new_default)
    complain("${where} had the default ${old_default} in ${version} and has ${new_default} now"
             "give it back its default; a default is not sent, so each side would read its own")
  endif()
endmacro()

function(default_text field variable)
  set(text "${${field}_default_integer}")
  if("${${field}_type}" MATCHES "^(float|double)$")
    set(text "${${field}_default_real}")
  endif()
  if("${${field}_optional}" STREQUAL "ON")
    set(text "null")
  endif()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

macro(compare_object object)
  set(is_struct "${old_${object}_is_struct}")
  set(what table)
  if(is_struct STREQUAL "ON")
    set(what struct)
  endif()
  if(NOT "${object}" IN_LIST new_objects)
    complain("${file}: ${what} ${object} was released with ${version} and is gone"
             "put it back; if it was renamed, give it back its name")
  elseif(NOT is_struct STREQUAL new_${object}_is_struct)
    complain("${file}: ${object} was a ${what} in ${version} and is none now" "make it a ${what} again")
  else()
    foreach(field IN LISTS old_${object}_fields)
      compare_field("${object}" "${field}")
    endforeach()
    foreach(field IN LISTS new_${object}_fields)
      if(NOT "${field}" IN_LIST old_${object}_fields)
        if(is_struct STREQUAL "ON")
          complain("${file}: field ${object}.${field} is new in a struct that was released with ${version}"
                   "take it out; a struct never changes, so make a new one, or use a table")
        elseif(new_${object}.${field}_required STREQUAL "ON")
          complain("${file}: field ${object}.${field} is new since ${version}, and required"
                   "take (required) away; payloads without it have been sent")
        endif()
      endif()
    endforeach()
    if(is_struct STREQUAL "ON" AND NOT "${old_${object}_size}/${old_${object}_alignment}" STREQUAL
                                         "${new_${object}_size}/${new_${object}_alignment}")
      complain("${file}: struct ${object} had ${old_${object}_size} bytes (aligned to ${old_${object}_alignment}) in \
${version} and has ${new_${object}_size} (${new_${object}_alignment}) now"
               "give it back its fields and its force_align; a struct never changes")
    endif()
  endif()
endmacro()

macro(compare_enum enum)
  if(NOT "${enum}" IN_LIST new_enums)
    complain("${file}: enum ${enum} was released with ${version} and is gone"
             "put it back; if it was renamed, give it back its name")
  else()
    if(NOT old_${enum}_type STREQUAL new_${enum}_type)
      complain("${file}: enum ${enum} was of the type ${old_${enum}_type} in ${version} and is \
${new_${enum}_type} now" "give it back its type")
    endif()
    foreach(value IN LISTS old_${enum}_values)
      set(where "${file}: value ${enum}.${value}")
      if(NOT "${value}" IN_LIST new_${enum}_values)
        complain("${where} was released with ${version} and is gone" "put it back, with its number; if it was renamed, \
give it back its name")
      elseif(NOT old_${enum}.${value}_number STREQUAL new_${enum}.${value}_number)
        complain("${where} was ${old_${enum}.${value}_number} in ${version} and is \
${new_${enum}.${value}_number} now" "give it back its number; new values come after all others")
      elseif(NOT old_${enum}.${value}_member STREQUAL new_${enum}.${value}_member)
        complain("${where} was a ${old_${enum}.${value}_member} in ${version} and is a \
${new_${enum}.${value}_member} now" "give it back its type; another one is a new member, after all others")
      endif()
    endforeach()
  endif()
endmacro()

function(compare old new version)
  cmake_path(GET new FILENAME file)
  set(before ${breaks})
  load_schema("${old}" "${WORK}/old" old)
  load_schema("${new}" "${WORK}/new" new)
  if(NOT old_identifier STREQUAL "" AND NOT old_identifier STREQUAL new_identifier)
    complain("${file}: the file_identifier was \"${old_identifier}\" in ${version} and is \"${new_identifier}\" now"
             "give it back; readers know the payload by it, so what is no longer the same is a new file")
  endif()
  if(NOT old_root STREQUAL "" AND NOT old_root STREQUAL new_root)
    complain("${file}: the root_type was ${old_root} in ${version} and is ${new_root} now"
             "give it back; another root is another payload, with a file and an identifier of its own")
  endif()
  foreach(object IN LISTS old_objects)
    compare_object("${object}")
  endforeach()
  foreach(enum IN LISTS old_enums)
    compare_enum("${enum}")
  endforeach()
  execute_process(COMMAND "${FLATC}" --conform "${old}" "${new}"
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0 AND before EQUAL breaks)
    string(REGEX REPLACE "^.*error:[ \t\r\n]*" "" output "${output}")
    string(STRIP "${output}" output)
    complain("${file}: flatc says that it does not conform to ${version}: ${output}"
             "compare it with ${old}")
  endif()
  set(breaks ${breaks} PARENT_SCOPE)
endfunction()

# --- All versions ---------------------------------------------------------------------------------

file(GLOB versions RELATIVE "${RELEASED}" "${RELEASED}/*")
set(compared 0)
foreach(version IN LISTS versions)
  file(GLOB_RECURSE olds "${RELEASED}/${version}/*.fbs")
  foreach(old IN LISTS olds)
    cmake_path(GET old FILENAME name)
    set(found "")
    foreach(new IN LISTS SCHEMAS)
      cmake_path(GET new FILENAME new_name)
      if(new_name STREQUAL name)
        set(found "${new}")
      endif()
    endforeach()
    if(found STREQUAL "" OR NOT EXISTS "${found}")
      complain("${name}: was released with ${version} and is not among the schemas any more"
               "put it back among SCHEMAS (${old} is a copy): what was sent with it is still read")
    else()
      compare("${old}" "${found}" "${version}")
    endif()
    math(EXPR compared "${compared} + 1")
  endforeach()
endforeach()

if(compared EQUAL 0)
  message(FATAL_ERROR "${RELEASED} has no schemas, so nothing was compared; make a folder in it that is named for the "
                      "released version, and copy the schemas there")
endif()
if(breaks GREATER 0)
  message(FATAL_ERROR "Breaks with what was released: ${breaks}. Released copies are never edited.")
endif()
message(STATUS "${compared} released schemas and today's understand each other")
