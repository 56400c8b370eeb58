# What an extension gets by `include(${Slicer_USE_FILE})`: where things go, and the macros for modules and tests.

if(POLICY CMP0177)
  cmake_policy(SET CMP0177 NEW)
endif()
if(NOT DEFINED EXTENSION_NAME)
  set(EXTENSION_NAME ${PROJECT_NAME})
endif()
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR "${Slicer_INSTALL_ROOT}${Slicer_QTSCRIPTEDMODULES_LIB_DIR}")
include(CTest)

# Refuse keywords that the caller does not know, and keywords that it has to be given.
function(standInCheckArguments caller unknown)
  if(unknown)
    message(FATAL_ERROR "${caller}: no such keyword: ${unknown}")
  endif()
  foreach(name IN LISTS ARGN)
    if(NOT DEFINED arguments_${name} OR "${arguments_${name}}" STREQUAL "")
      message(FATAL_ERROR "${caller}: ${name} is missing or empty")
    endif()
  endforeach()
endfunction()

# Refuse files that are not there, or are there twice.
function(standInCheckFiles caller folder)
  set(seen)
  foreach(file IN LISTS ARGN)
    if(IS_ABSOLUTE "${file}" OR file MATCHES "\\.\\.")
      message(FATAL_ERROR "${caller}: ${file} would land outside of its folder")
    elseif(NOT EXISTS "${folder}/${file}" OR IS_DIRECTORY "${folder}/${file}")
      message(FATAL_ERROR "${caller}: there is no file ${file} in ${folder}")
    elseif(file IN_LIST seen)
      message(FATAL_ERROR "${caller}: ${file} is listed twice")
    endif()
    list(APPEND seen "${file}")
  endforeach()
endfunction()

# Copy files as the build runs: a command for each folder.
function(standInCopy target source destination)
  set(stamps)
  foreach(file IN LISTS ARGN)
    get_filename_component(folder "${file}" DIRECTORY)
    string(MAKE_C_IDENTIFIER "in_${folder}" key)
    list(APPEND folders_${key} "${source}/${file}")
    set(folder_${key} "${destination}/${folder}")
    list(APPEND keys ${key})
  endforeach()
  list(REMOVE_DUPLICATES keys)
  foreach(key IN LISTS keys)
    set(stamp "${CMAKE_CURRENT_BINARY_DIR}/${target}_${key}.stamp")
    add_custom_command(
      OUTPUT ${stamp}
      COMMAND ${CMAKE_COMMAND} -E make_directory "${folder_${key}}"
      COMMAND ${CMAKE_COMMAND} -E copy ${folders_${key}} "${folder_${key}}"
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${folders_${key}}
      )
    list(APPEND stamps ${stamp})
  endforeach()
  add_custom_target(${target} ALL DEPENDS ${stamps})
endfunction()

function(ctkMacroCompilePythonScript)
  cmake_parse_arguments(arguments "NO_INSTALL_SUBDIR;GLOBAL_TARGET"
    "TARGET_NAME;SOURCE_DIR;DESTINATION_DIR;INSTALL_DIR" "SCRIPTS;RESOURCES" ${ARGN})
  standInCheckArguments(ctkMacroCompilePythonScript "${arguments_UNPARSED_ARGUMENTS}"
    TARGET_NAME SCRIPTS DESTINATION_DIR INSTALL_DIR)
  if(NOT arguments_SOURCE_DIR)
    set(arguments_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  get_filename_component(source "${arguments_SOURCE_DIR}" REALPATH)
  standInCheckFiles(ctkMacroCompilePythonScript "${source}" ${arguments_SCRIPTS} ${arguments_RESOURCES})
  foreach(file IN LISTS arguments_SCRIPTS)
    if(NOT file MATCHES "\\.py$")
      message(FATAL_ERROR "ctkMacroCompilePythonScript: ${file} is no Python file; give it as a resource")
    endif()
  endforeach()
  standInCopy(Copy${arguments_TARGET_NAME}Files "${source}" "${arguments_DESTINATION_DIR}"
    ${arguments_SCRIPTS} ${arguments_RESOURCES})
  set(installed "${arguments_DESTINATION_DIR}")
  if(arguments_NO_INSTALL_SUBDIR)
    set(installed "${arguments_DESTINATION_DIR}/")
  endif()
  install(DIRECTORY "${installed}" DESTINATION "${arguments_INSTALL_DIR}" USE_SOURCE_PERMISSIONS)
endfunction()

function(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(arguments "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  standInCheckArguments(slicerMacroBuildScriptedModule "${arguments_UNPARSED_ARGUMENTS}" NAME SCRIPTS RESOURCES)
  ctkMacroCompilePythonScript(
    TARGET_NAME ${arguments_NAME}
    SCRIPTS "${arguments_SCRIPTS}"
    RESOURCES "${arguments_RESOURCES}"
    DESTINATION_DIR ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}
    INSTALL_DIR ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}
    NO_INSTALL_SUBDIR
    )
  if(BUILD_TESTING AND arguments_WITH_GENERIC_TESTS)
    add_test(NAME py_nomainwindow_qSlicer${arguments_NAME}ModuleGenericTest COMMAND ${Slicer_LAUNCHER_EXECUTABLE})
  endif()
endfunction()

function(slicer_add_python_unittest)
  cmake_parse_arguments(arguments "" "SCRIPT;TESTNAME_PREFIX" "SLICER_ARGS" ${ARGN})
  standInCheckArguments(slicer_add_python_unittest "${arguments_UNPARSED_ARGUMENTS}" SCRIPT)
  standInCheckFiles(slicer_add_python_unittest "${CMAKE_CURRENT_SOURCE_DIR}" ${arguments_SCRIPT})
  get_filename_component(name ${arguments_SCRIPT} NAME_WE)
  add_test(NAME py_${arguments_TESTNAME_PREFIX}${name} COMMAND ${Slicer_LAUNCHER_EXECUTABLE})
endfunction()
