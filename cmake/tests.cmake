# Tests of what a C programmer meets: an install that was moved, and each example as a project of its own.
set(networks "${PROJECT_SOURCE_DIR}/.cache/networks")
set(examples "${PROJECT_BINARY_DIR}/examples-c")
set(staging "${PROJECT_BINARY_DIR}/staging")
set(prefix "${PROJECT_BINARY_DIR}/moved/prefix")

# Installed in one place, used in another: nothing in it may name where it was installed.
add_test(NAME install_clean COMMAND ${CMAKE_COMMAND} -E rm -rf "${staging}" "${PROJECT_BINARY_DIR}/moved" "${examples}")
add_test(NAME install COMMAND ${CMAKE_COMMAND} --install "${PROJECT_BINARY_DIR}" --prefix "${staging}")
add_test(NAME install_folder COMMAND ${CMAKE_COMMAND} -E make_directory "${PROJECT_BINARY_DIR}/moved")
add_test(NAME install_moved COMMAND ${CMAKE_COMMAND} -E rename "${staging}" "${prefix}")
set(order install_clean install install_folder install_moved)
foreach(i RANGE 1 3)
  math(EXPR before "${i} - 1")
  list(GET order ${i} this)
  list(GET order ${before} previous)
  set_tests_properties(${this} PROPERTIES DEPENDS ${previous})
endforeach()
set_tests_properties(${order} PROPERTIES FIXTURES_SETUP installed)

function(example_test name pattern)
  add_test(NAME example_${name} COMMAND ${ARGN})
  set_tests_properties(example_${name} PROPERTIES FIXTURES_REQUIRED "installed;examples" PASS_REGULAR_EXPRESSION "${pattern}" TIMEOUT 300)
endfunction()

add_test(
  NAME examples_build
  COMMAND
    ${CMAKE_CTEST_COMMAND} --build-and-test "${PROJECT_SOURCE_DIR}/examples-c" "${examples}" --build-generator
    "${CMAKE_GENERATOR}" --build-options "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_BUILD_TYPE=Release)
set_tests_properties(examples_build PROPERTIES FIXTURES_REQUIRED installed FIXTURES_SETUP examples)
example_test(
  run_network "top 5: 757 " "${examples}/run_network" "${networks}/resnet18/model.onnx"
  "input=1,3,224,224" "@${networks}/resnet18/a1.input.0.bin")
example_test(
  run_network_dynamic "top 5: 18 [^\n]*\ntop 5: 298 [^\n]*\ntop 5: 555 " "${examples}/run_network"
  "${networks}/mobilenet_v2_dynamic/model.onnx" "input=3,3,224,224" "@${networks}/mobilenet_v2_dynamic/b3.input.0.bin")
example_test(
  run_network_says_what_is_wrong "error [0-9]+: .*no_such_input" "${examples}/run_network" "${networks}/resnet18/model.onnx"
  "no_such_input=1")
example_test(dynamic_batch "batch 5: first row begins with" "${examples}/dynamic_batch" "${networks}/mobilenet_v2_dynamic/model.onnx" 5 3,224,224)
example_test(
  device_tensors_stream "first results: |SKIP: there is no GPU" "${examples}/device_tensors_stream" "${networks}/resnet18/model.onnx"
  "input=1,3,224,224")

add_test(NAME command COMMAND "${prefix}/${CMAKE_INSTALL_BINDIR}/tvmtrt" --version)
set_tests_properties(command PROPERTIES FIXTURES_REQUIRED installed PASS_REGULAR_EXPRESSION "^tvmtrt ${PROJECT_VERSION}")

find_program(PKG_CONFIG pkg-config)
if(PKG_CONFIG)
  add_test(NAME pkg_config COMMAND sh -c "\"$1\" -std=c99 \"$2\" -o \"$3\" $(\"$4\" --cflags --libs tvmtrt)" sh "${CMAKE_C_COMPILER}"
    "${PROJECT_SOURCE_DIR}/examples-c/run_network.c" "${PROJECT_BINARY_DIR}/run_network_pc" "${PKG_CONFIG}")
  set(place "${prefix}/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  set_tests_properties(pkg_config PROPERTIES FIXTURES_REQUIRED installed ENVIRONMENT "PKG_CONFIG_PATH=${place}")
endif()

# The clients' own tests, each in one script that says SKIP where its tools are missing.
foreach(client python go node java)
  add_test(NAME client_${client} COMMAND "${PROJECT_SOURCE_DIR}/tests/clients/${client}")
  set_tests_properties(
    client_${client} PROPERTIES FIXTURES_REQUIRED installed SKIP_RETURN_CODE 77 TIMEOUT 600 ENVIRONMENT "TVMTRT_PREFIX=${prefix}")
endforeach()

# Networks and operators through the Python client, on the installed library; scripts/setup makes the environment.
set(python "${PROJECT_SOURCE_DIR}/.cache/venv/bin/python")
if(EXISTS "${python}")
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/python/test_*.py")
  foreach(file ${files})
    get_filename_component(name "${file}" NAME_WE)
    add_test(NAME python_${name} COMMAND "${python}" "${file}")
    set_tests_properties(
      python_${name} PROPERTIES FIXTURES_REQUIRED installed TIMEOUT 600
      ENVIRONMENT "TVMTRT_LIBRARY=${prefix}/${CMAKE_INSTALL_LIBDIR}/libtvmtrt.so")
  endforeach()
endif()
