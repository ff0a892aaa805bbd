/* A library without the parts `import` and `compiler` says so when it is asked for them, and runs artifacts all the same.
 *
 *   left_out [FILE]    FILE: an artifact that a whole library has written; one float32 input at least, its free extents are 1 */
#include "check.h"
#include "model.h"

int main(int argc, char **argv) {
  tvmtrt_model_t *loaded = NULL;
  tvmtrt_partition_t *partition = NULL;
  tvmtrt_build_t *build = NULL;
  tvmtrt_session_t *session = NULL;
  tvmtrt_text_t *text = NULL;
  FAILS(UNSUPPORTED, "'import'", tvmtrt_model_load("/no/such/file", NULL, &loaded));
  FAILS(UNSUPPORTED, "IMPORT=ON", tvmtrt_model_load_memory(model, sizeof model, NULL, NULL, &loaded));
  CHECK(loaded == NULL);
  FAILS(NULL_POINTER, "model", tvmtrt_partition(NULL, NULL, 0, NULL, &partition));
  FAILS(IO, "/no/such/file", tvmtrt_build_load("/no/such/file", NULL, &build));
  OK(tvmtrt_tensorrt_info(NULL, TVMTRT_FORMAT_JSON, &text));
  tvmtrt_text_delete(text);
  if (argc > 1) {
    OK(tvmtrt_build_load(argv[1], NULL, &build));
    OK(tvmtrt_session_new(build, NULL, &session));
    CHECK(tvmtrt_build_input_count(build) > 0 && tvmtrt_build_output_count(build) > 0);
  }
  tvmtrt_session_delete(session);
  tvmtrt_build_delete(build);
  puts("left out: import, compiler");
  return 0;
}
