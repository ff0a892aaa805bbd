/* Wrong use before anything runs: NULL, unknown keys, bad shapes, damaged models. Each is its own clear error; nothing crashes. */
#include "check.h"
#include "model.h"

static tvmtrt_model_t *load(void) {
  tvmtrt_model_t *m = NULL;
  OK(tvmtrt_model_load_memory(model, sizeof model, NULL, NULL, &m));
  return m;
}

static void null_is_answered(void) {
  /* An out-parameter stays as it was. */
  tvmtrt_text_t *const mark = (tvmtrt_text_t *)(uintptr_t)64;
  tvmtrt_text_t *text = mark;
  tvmtrt_options_t *options = tvmtrt_options_new();
  FAILS(NULL_POINTER, "options is NULL", tvmtrt_options_get(NULL, "threads", &text));
  FAILS(NULL_POINTER, "key is NULL", tvmtrt_options_get(options, NULL, &text));
  FAILS(NULL_POINTER, "out is NULL", tvmtrt_options_get(options, "threads", NULL));
  FAILS(UNKNOWN_OPTION, "did you mean 'threads'?", tvmtrt_options_get(options, "thread", &text));
  FAILS(NULL_POINTER, "key is NULL", tvmtrt_options_set(options, NULL, "1"));
  FAILS(NULL_POINTER, "options is NULL", tvmtrt_options_set(NULL, "threads", "1"));
  FAILS(NULL_POINTER, "options is NULL", tvmtrt_options_from_env(NULL));
  FAILS(NULL_POINTER, "options is NULL", tvmtrt_options_set_log_callback(NULL, NULL, NULL, NULL));
  FAILS(NULL_POINTER, "options is NULL", tvmtrt_options_set_region_filter(NULL, NULL, NULL, NULL));
  FAILS(NULL_POINTER, "out is NULL", tvmtrt_options_keys(TVMTRT_FORMAT_TEXT, NULL));
  FAILS(INVALID_ARGUMENT, "format 7", tvmtrt_options_keys(7, &text));
  FAILS(INVALID_ARGUMENT, "format 7", tvmtrt_tensorrt_info(NULL, 7, &text));
  FAILS(NULL_POINTER, "out is NULL", tvmtrt_tensorrt_info(NULL, TVMTRT_FORMAT_TEXT, NULL));
  FAILS(NULL_POINTER, "path is NULL", tvmtrt_model_load(NULL, NULL, (tvmtrt_model_t **)&text));
  FAILS(NULL_POINTER, "out is NULL", tvmtrt_model_load("x.onnx", NULL, NULL));
  FAILS(NULL_POINTER, "data is NULL", tvmtrt_model_load_memory(NULL, 5, NULL, NULL, (tvmtrt_model_t **)&text));
  FAILS(NULL_POINTER, "model is NULL", tvmtrt_partition(NULL, NULL, 0, NULL, (tvmtrt_partition_t **)&text));
  FAILS(NULL_POINTER, "partition is NULL", tvmtrt_partition_explain(NULL, TVMTRT_FORMAT_TEXT, &text));
  FAILS(NULL_POINTER, "partition is NULL", tvmtrt_partition_region_json(NULL, 0, &text));
  FAILS(NULL_POINTER, "partition is NULL", tvmtrt_build(NULL, NULL, (tvmtrt_build_t **)&text));
  FAILS(NULL_POINTER, "build is NULL", tvmtrt_build_region_state(NULL, 0, &text));
  FAILS(NULL_POINTER, "build is NULL", tvmtrt_session_new(NULL, NULL, (tvmtrt_session_t **)&text));
  FAILS(NULL_POINTER, "session is NULL", tvmtrt_run(NULL, NULL, 0, NULL, 0));
  CHECK(text == mark);
  tvmtrt_options_delete(options);

  CHECK(tvmtrt_error_code(NULL) == 0 && strcmp(tvmtrt_error_message(NULL), "") == 0);
  CHECK(tvmtrt_text_data(NULL) == NULL && tvmtrt_text_size(NULL) == 0);
  CHECK(tvmtrt_value_name(NULL) == NULL && tvmtrt_value_dtype(NULL).bits == 0 && tvmtrt_value_dtype_name(NULL) == NULL);
  CHECK(tvmtrt_value_rank(NULL) == 0 && tvmtrt_value_dims(NULL) == NULL && tvmtrt_value_dim_text(NULL, 0) == NULL);
  CHECK(tvmtrt_value_text(NULL) == NULL);
  CHECK(tvmtrt_model_input_count(NULL) == 0 && tvmtrt_model_input(NULL, 0) == NULL);
  CHECK(tvmtrt_model_output_count(NULL) == 0 && tvmtrt_model_output(NULL, 0) == NULL);
  CHECK(tvmtrt_model_metadata_count(NULL) == 0 && tvmtrt_model_metadata_key(NULL, 0) == NULL);
  CHECK(tvmtrt_model_metadata(NULL, NULL) == NULL && tvmtrt_model_clone(NULL) == NULL);
  CHECK(tvmtrt_partition_input_count(NULL) == 0 && tvmtrt_partition_input(NULL, 0) == NULL);
  CHECK(tvmtrt_partition_output_count(NULL) == 0 && tvmtrt_partition_output(NULL, 0) == NULL);
  CHECK(tvmtrt_partition_region_count(NULL) == 0 && tvmtrt_partition_clone(NULL) == NULL);
  CHECK(tvmtrt_build_input_count(NULL) == 0 && tvmtrt_build_input(NULL, 0) == NULL);
  CHECK(tvmtrt_build_output_count(NULL) == 0 && tvmtrt_build_output(NULL, 0) == NULL);
  CHECK(tvmtrt_build_engine_count(NULL) == 0 && tvmtrt_build_engine_data(NULL, 0) == NULL);
  CHECK(tvmtrt_build_engine_size(NULL, 0) == 0 && tvmtrt_build_clone(NULL) == NULL);
  tvmtrt_error_delete(NULL);
  tvmtrt_text_delete(NULL);
  tvmtrt_options_delete(NULL);
  tvmtrt_model_delete(NULL);
  tvmtrt_partition_delete(NULL);
  tvmtrt_build_delete(NULL);
  tvmtrt_session_delete(NULL);
}

static void option_is(const tvmtrt_options_t *options, const char *key, const char *expected) {
  tvmtrt_text_t *text = NULL;
  OK(tvmtrt_options_get(options, key, &text));
  CHECK(strcmp(tvmtrt_text_data(text), expected) == 0 && tvmtrt_text_size(text) == strlen(expected));
  tvmtrt_text_delete(text);
}

static void options_are_checked(void) {
  tvmtrt_options_t *options = tvmtrt_options_new();
  FAILS(UNKNOWN_OPTION, "did you mean 'offload'?", tvmtrt_options_set(options, "offlaod", "on"));
  FAILS(BAD_OPTION, "takes one of default, on, off", tvmtrt_options_set(options, "offload", "maybe"));
  FAILS(INVALID_ARGUMENT, "not UTF-8", tvmtrt_options_set(options, "offload", "\xff"));
  OK(tvmtrt_options_set(options, "use_implicit_batch", "1"));
  OK(tvmtrt_options_set(options, "use_implicit_batch", "on"));
  option_is(options, "use_implicit_batch", "true");
  OK(tvmtrt_options_set(options, "use_implicit_batch", NULL));
  option_is(options, "use_implicit_batch", "false");
  tvmtrt_options_delete(options);
}

static void count_calls(void *user) { ++*(int *)user; }

static void count_lines(void *user, uint32_t level, const char *message) {
  CHECK(level >= TVMTRT_LOG_ERROR && level <= TVMTRT_LOG_DEBUG && message[0] != '\0');
  ++((int *)user)[1];
}

static void callbacks_end_once(void) {
  int counts[2] = {0, 0};
  tvmtrt_model_t *m = NULL;
  tvmtrt_options_t *options = tvmtrt_options_new();
  OK(tvmtrt_options_set(options, "log_level", "debug"));
  OK(tvmtrt_options_set_log_callback(options, count_lines, counts, count_calls));
  OK(tvmtrt_model_load_memory(model, sizeof model, NULL, options, &m));
  CHECK(counts[1] > 0);
  OK(tvmtrt_options_set_log_callback(options, NULL, NULL, NULL));
  CHECK(counts[0] == 1);
  OK(tvmtrt_options_set_region_filter(options, NULL, counts, count_calls));
  CHECK(counts[0] == 2);
  tvmtrt_model_delete(m);
  tvmtrt_options_delete(options);
  CHECK(counts[0] == 2);
}

static void damaged_models_are_refused(void) {
  tvmtrt_model_t *m = NULL;
  size_t size;
  for (size = 0; size < sizeof model; size++) {
    /* A copy of its own, so that a tool sees a read past the end. */
    unsigned char *cut = (unsigned char *)malloc(size > 0 ? size : 1);
    tvmtrt_error_t *error;
    CHECK(cut != NULL);
    memcpy(cut, model, size);
    error = tvmtrt_model_load_memory(cut, size, NULL, NULL, &m);
    free(cut);
    if (error == NULL) { /* A cut between fields may leave a smaller model. */
      tvmtrt_model_delete(m);
    } else {
      uint32_t code = tvmtrt_error_code(error);
      CHECK(code >= TVMTRT_ERROR_IO && code <= TVMTRT_ERROR_BAD_GRAPH && tvmtrt_error_message(error)[0] != '\0');
      tvmtrt_error_delete(error);
    }
  }
  FAILS(IO, "/no/such/model.onnx", tvmtrt_model_load("/no/such/model.onnx", NULL, &m));
  FAILS(IO, "not a regular file", tvmtrt_model_load("/", NULL, &m));
}

static void models_describe_themselves(void) {
  tvmtrt_model_t *m = load();
  tvmtrt_model_t *other = tvmtrt_model_clone(m);
  const tvmtrt_value_t *b;
  tvmtrt_model_delete(m);
  b = tvmtrt_model_input(other, 1);
  CHECK(tvmtrt_model_input_count(other) == 2 && tvmtrt_model_output_count(other) == 2);
  CHECK(strcmp(tvmtrt_value_name(b), "b") == 0 && strcmp(tvmtrt_value_dtype_name(b), "float32") == 0);
  CHECK(tvmtrt_value_rank(b) == 2 && tvmtrt_value_dims(b)[0] == -1 && tvmtrt_value_dims(b)[1] == 3);
  CHECK(strcmp(tvmtrt_value_dim_text(b, 0), "N") == 0 && strcmp(tvmtrt_value_dim_text(b, 1), "3") == 0);
  CHECK(strcmp(tvmtrt_value_text(b), "b: float32[N, 3]") == 0 && tvmtrt_value_dim_text(b, 2) == NULL);
  CHECK(tvmtrt_value_dtype(b).code == kDLFloat && tvmtrt_value_dtype(b).bits == 32 && tvmtrt_value_dtype(b).lanes == 1);
  CHECK(tvmtrt_model_input(other, 2) == NULL && strcmp(tvmtrt_value_name(tvmtrt_model_output(other, 0)), "y") == 0);
  CHECK(tvmtrt_model_metadata_count(other) == 1 && strcmp(tvmtrt_model_metadata_key(other, 0), "alphabet") == 0);
  CHECK(strcmp(tvmtrt_model_metadata(other, "alphabet"), "abc") == 0 && tvmtrt_model_metadata(other, "none") == NULL);
  tvmtrt_model_delete(other);
}

static void shapes_are_checked(void) {
  int64_t right[2] = {4, 3}, other[2] = {5, 3}, wide[2] = {4, 4}, negative[2] = {-2, 3};
  tvmtrt_shape_t shapes[2] = {{"a", NULL, 2, {0, 0, 0}}, {"b", NULL, 2, {0, 0, 0}}};
  tvmtrt_model_t *m = load();
  tvmtrt_partition_t *p = NULL;
  tvmtrt_options_t *options = tvmtrt_options_new();
  FAILS(NULL_POINTER, "shapes is NULL", tvmtrt_partition(m, NULL, 2, NULL, &p));
  FAILS(NULL_POINTER, "dims is NULL", tvmtrt_partition(m, shapes, 1, NULL, &p));
  shapes[0].dims = right;
  shapes[1].dims = other;
  FAILS(WRONG_SHAPE, "input 'b', extent 0", tvmtrt_partition(m, shapes, 2, NULL, &p));
  shapes[1].name = "a";
  FAILS(DUPLICATE_NAME, "'a'", tvmtrt_partition(m, shapes, 2, NULL, &p));
  shapes[1].name = "c";
  FAILS(UNKNOWN_NAME, "no input 'c'; its inputs are 'a', 'b'", tvmtrt_partition(m, shapes, 2, NULL, &p));
  shapes[1].name = NULL;
  FAILS(NULL_POINTER, "shapes[1]: name is NULL", tvmtrt_partition(m, shapes, 2, NULL, &p));
  shapes[0].dims = wide;
  FAILS(WRONG_SHAPE, "input 'a', extent 1: 4 is given, but the model has 3", tvmtrt_partition(m, shapes, 1, NULL, &p));
  shapes[0].dims = negative;
  FAILS(WRONG_SHAPE, "input 'a', extent 0", tvmtrt_partition(m, shapes, 1, NULL, &p));
  shapes[0].dims = right;
  shapes[0].rank = 1;
  FAILS(WRONG_SHAPE, "rank 2", tvmtrt_partition(m, shapes, 1, NULL, &p));
  shapes[0].rank = 2;
  shapes[0].dtype.code = kDLInt;
  shapes[0].dtype.bits = 64;
  shapes[0].dtype.lanes = 1;
  FAILS(WRONG_DTYPE, "input 'a' is float32 in the model, not int64", tvmtrt_partition(m, shapes, 1, NULL, &p));
  shapes[0].dtype.bits = 24;
  FAILS(WRONG_DTYPE, "24 bits", tvmtrt_partition(m, shapes, 1, NULL, &p));
  OK(tvmtrt_options_set(options, "symbols", "M=1..2"));
  FAILS(UNKNOWN_NAME, "symbol 'M'", tvmtrt_partition(m, NULL, 0, options, &p));
  CHECK(p == NULL);
  OK(tvmtrt_options_set(options, "symbols", "N=7"));
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  CHECK(tvmtrt_value_dims(tvmtrt_partition_input(p, 0))[0] == 7 && tvmtrt_value_dims(tvmtrt_partition_output(p, 1))[0] == 7);
  CHECK(tvmtrt_partition_input_count(p) == 2 && tvmtrt_partition_output_count(p) == 2);
  tvmtrt_options_delete(options);
  tvmtrt_partition_delete(p);
  tvmtrt_model_delete(m);
}

int main(void) {
  CHECK(tvmtrt_version_major() == TVMTRT_VERSION_MAJOR && tvmtrt_version_minor() == TVMTRT_VERSION_MINOR);
  CHECK(tvmtrt_version_patch() == TVMTRT_VERSION_PATCH && tvmtrt_version()[0] != '\0');
  null_is_answered();
  options_are_checked();
  callbacks_end_once();
  damaged_models_are_refused();
  models_describe_themselves();
  shapes_are_checked();
  return 0;
}
