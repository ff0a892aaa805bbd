# Tests of what a C or C++ programmer meets: the release, unpacked in a folder that nothing in it can know, and each example as a project of its own.
enable_language(CXX)
set(networks "${PROJECT_SOURCE_DIR}/.cache/networks")
set(examples "${PROJECT_BINARY_DIR}/examples")
set(unpacked "${PROJECT_BINARY_DIR}/unpacked")
set(release "tvmtrt-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR}-linux")
set(prefix "${unpacked}/a folder/${release}")
set(library "${prefix}/lib/libtvmtrt.so")

add_test(NAME release_clean COMMAND ${CMAKE_COMMAND} -E rm -rf "${unpacked}" "${examples}")
add_test(
  NAME release_make
  COMMAND
    "${PROJECT_SOURCE_DIR}/scripts/release" "${unpacked}" "-DTVMTRT_CARGO_TARGET_DIR=${TVMTRT_CARGO_TARGET_DIR}"
    "-DTVMTRT_CARGO_PROFILE=${TVMTRT_CARGO_PROFILE}" -DTENSORRT=${TENSORRT} -DCUDA=${CUDA} -DCPU_JIT=${CPU_JIT} -DIMPORT=${IMPORT}
    -DCOMPILER=${COMPILER})
add_test(NAME release_folder COMMAND ${CMAKE_COMMAND} -E make_directory "${unpacked}/a folder")
add_test(NAME release_unpack COMMAND ${CMAKE_COMMAND} -E tar xzf "${unpacked}/${release}.tar.gz")
set_tests_properties(release_unpack PROPERTIES WORKING_DIRECTORY "${unpacked}/a folder")
set(order release_clean release_make release_folder release_unpack)
foreach(i RANGE 1 3)
  math(EXPR before "${i} - 1")
  list(GET order ${i} this)
  list(GET order ${before} previous)
  set_tests_properties(${this} PROPERTIES DEPENDS ${previous})
endforeach()
set_tests_properties(${order} PROPERTIES FIXTURES_SETUP installed)
set_tests_properties(release_make PROPERTIES TIMEOUT 1500)

# Nothing in the release names where it was built or installed.
add_test(NAME release_is_relocatable COMMAND grep -rlF -e "${PROJECT_SOURCE_DIR}" "${prefix}/lib/cmake" "${prefix}/lib/pkgconfig" "${prefix}/include")
set_tests_properties(release_is_relocatable PROPERTIES FIXTURES_REQUIRED installed WILL_FAIL TRUE)

# Each example by find_package, with each compiler that is here.
find_program(CLANG clang)
find_program(CLANGXX clang++)
set(compilers "gcc=${CMAKE_C_COMPILER}=${CMAKE_CXX_COMPILER}")
if(CLANG AND CLANGXX)
  list(APPEND compilers "clang=${CLANG}=${CLANGXX}")
else()
  message(STATUS "SKIP clang: there is no clang and clang++ here; examples are built with ${CMAKE_C_COMPILER} only")
endif()
file(GLOB projects CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples-c/*/CMakeLists.txt" "${PROJECT_SOURCE_DIR}/examples-cpp/*/CMakeLists.txt")
foreach(project ${projects})
  get_filename_component(folder "${project}" DIRECTORY)
  get_filename_component(name "${folder}" NAME)
  foreach(compiler ${compilers})
    string(REPLACE "=" ";" compiler "${compiler}")
    list(GET compiler 0 id)
    list(GET compiler 1 cc)
    list(GET compiler 2 cxx)
    set(test build_${name}_${id})
    add_test(
      NAME ${test}
      COMMAND
        ${CMAKE_CTEST_COMMAND} --build-and-test "${folder}" "${examples}/${id}/${name}" --build-generator "${CMAKE_GENERATOR}" --build-options
        "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_C_COMPILER=${cc}" "-DCMAKE_CXX_COMPILER=${cxx}" "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror"
        "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror" -DCMAKE_BUILD_TYPE=Release)
    set_tests_properties(${test} PROPERTIES FIXTURES_REQUIRED installed FIXTURES_SETUP examples_${name})
  endforeach()
endforeach()

# Runs an example that gcc built; what it prints must match.
function(example_test test name pattern)
  add_test(NAME ${test} COMMAND "${examples}/gcc/${name}/${name}" ${ARGN})
  set_tests_properties(${test} PROPERTIES FIXTURES_REQUIRED "installed;examples_${name}" PASS_REGULAR_EXPRESSION "${pattern}" TIMEOUT 300)
endfunction()

example_test(
  run run "top 5: 757 " "${networks}/resnet18/model.onnx" "input=1,3,224,224" "@${networks}/resnet18/a1.input.0.bin")
example_test(
  run_dynamic run "top 5: 18 [^\n]*\ntop 5: 298 [^\n]*\ntop 5: 555 " "${networks}/mobilenet_v2_dynamic/model.onnx"
  "input=3,3,224,224" "@${networks}/mobilenet_v2_dynamic/b3.input.0.bin")
example_test(run_says_what_is_wrong run "error [0-9]+: .*no_such_input" "${networks}/resnet18/model.onnx" "no_such_input=1")
example_test(dynamic_batch dynamic_batch "batch 5: first row begins with" "${networks}/mobilenet_v2_dynamic/model.onnx" 5 3,224,224)
example_test(
  device_tensors_stream device_tensors_stream "first results: |SKIP: there is no GPU" "${networks}/resnet18/model.onnx"
  "input=1,3,224,224")
example_test(partition_explain partition_explain "TensorRT 8.6.*1 regions; the filter was asked 1 times" "${networks}/resnet18/model.onnx" tensorrt_version=8.6)
example_test(
  partition_explain_json partition_explain "schema_version.*0 regions; the filter was asked 0 times" "${networks}/resnet18/model.onnx" --json offload=off)
example_test(options_env options_env "precision = int8\nengine_cache = /tmp/x\nthreads = 2\n" precision=int8 engine_cache threads=2)
set_tests_properties(options_env PROPERTIES ENVIRONMENT "TVM_TENSORRT_USE_FP16=1;TVM_TENSORRT_CACHE_DIR=/tmp/x")
example_test(options_env_manual options_env "engine_cache.*precision.*threads")
example_test(options_env_wrong_key options_env "error 10: .*threads" "thread=2")
example_test(options_env_wrong_variable options_env "error 11: .*TVM_TENSORRT_USE_FP16" threads)
set_tests_properties(options_env_wrong_variable PROPERTIES ENVIRONMENT "TVM_TENSORRT_USE_FP16=perhaps")

# Saved by one process, loaded by another; the numbers are those of `run`.
set(artifact "${PROJECT_BINARY_DIR}/resnet18.tvmtrt")
example_test(resnet18_build resnet18 "partition [0-9.]+ ms, build" build "${networks}/resnet18/model.onnx" "${artifact}")
example_test(resnet18_run resnet18 "top 5: 757 .*first run [0-9.]+ ms, later" run "${artifact}" "${networks}/resnet18/a1.input.0.bin")
set_tests_properties(resnet18_run PROPERTIES DEPENDS resnet18_build)
set(artifact "${PROJECT_BINARY_DIR}/mobilenet.so")
example_test(export_load_save export_load "saved " save "${networks}/mobilenet_v2_dynamic/model.onnx" "${artifact}")
example_test(export_load export_load "1000 elements, first " load "${artifact}" artifact_verify=true)
set_tests_properties(export_load PROPERTIES DEPENDS export_load_save)
example_test(export_load_says_what_is_wrong export_load "error 1[0-9]+: .*model.onnx" load "${networks}/resnet18/model.onnx")
example_test(
  classify classify "top: 757 " "${networks}/resnet18/model.onnx" "${networks}/resnet18/a1.input.0.bin")

add_test(NAME command COMMAND "${prefix}/bin/tvmtrt" --version)
set_tests_properties(command PROPERTIES FIXTURES_REQUIRED installed PASS_REGULAR_EXPRESSION "^tvmtrt ${PROJECT_VERSION}")

# Each source of an example by pkg-config, with each compiler, by each standard: C as C and as C++.
find_program(PKG_CONFIG pkg-config)
if(PKG_CONFIG)
  add_test(NAME standards COMMAND "${PROJECT_SOURCE_DIR}/tests/c/standards.sh" "${PROJECT_SOURCE_DIR}" "${examples}/standards")
  set_tests_properties(standards PROPERTIES FIXTURES_REQUIRED installed TIMEOUT 600 ENVIRONMENT "PKG_CONFIG_PATH=${prefix}/lib/pkgconfig")
endif()

# The C and C++ tests under checkers; status 77 says why one is left out.
foreach(kind sanitizers valgrind)
  add_test(NAME checked_${kind} COMMAND "${PROJECT_SOURCE_DIR}/tests/c/checked.sh" ${kind} "${PROJECT_SOURCE_DIR}" "${prefix}" "${PROJECT_BINARY_DIR}/${kind}")
  set_tests_properties(checked_${kind} PROPERTIES FIXTURES_REQUIRED installed TIMEOUT 600 SKIP_RETURN_CODE 77)
endforeach()
add_test(NAME checked_threads COMMAND "${PROJECT_SOURCE_DIR}/tests/c/race.sh" "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/threads"
  "${PROJECT_SOURCE_DIR}/.cache/cases/hand_conv_plain_opset11/model.onnx")
set_tests_properties(checked_threads PROPERTIES TIMEOUT 1500 SKIP_RETURN_CODE 77)

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
    set_tests_properties(python_${name} PROPERTIES FIXTURES_REQUIRED installed TIMEOUT 600 ENVIRONMENT "TVMTRT_LIBRARY=${library}")
  endforeach()
endif()
