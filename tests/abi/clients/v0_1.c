/* A program as it was written for the first header, tests/abi/headers/tvmtrt-0.1.h: it is compiled against that one for ever and runs with
 * today's library. Do not change it: what it does must keep working. It calls every function that the first header has. */
#include "tvmtrt-0.1.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../c/model.h"

#define CHECK(condition)                                                                 \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                    \
      exit(1);                                                                           \
    }                                                                                    \
  } while (0)

static int ended, lines, asked;

static void end(void *user) { *(int *)user += 1; }

static void log_line(void *user, uint32_t level, const char *message) {
  CHECK(user == &ended && level >= TVMTRT_LOG_ERROR && level <= TVMTRT_LOG_DEBUG && message[0] != '\0');
  lines++;
}

static int32_t filter(void *user, const char *const *nodes, const char *const *operators, size_t count) {
  CHECK(user == &ended && count == 2 && strcmp(operators[0], "add") == 0 && nodes[1] != NULL);
  asked++;
  return 1;
}

static int32_t progress(void *user, const char *region, const char *phase, size_t done, size_t total) {
  CHECK(user == &ended && region != NULL && phase != NULL && (total == 0 || done <= total));
  return 1;
}

static void ok(tvmtrt_error_t *error) {
  if (error == NULL) return;
  fprintf(stderr, "error %u: %s\n", (unsigned)tvmtrt_error_code(error), tvmtrt_error_message(error));
  exit(1);
}

static void fails(tvmtrt_error_t *error, uint32_t code) {
  CHECK(error != NULL && tvmtrt_error_code(error) == code && tvmtrt_error_message(error)[0] != '\0');
  tvmtrt_error_delete(error);
}

/* A text that must hold `part`; it is deleted. */
static void holds(tvmtrt_text_t *text, const char *part) {
  CHECK(tvmtrt_text_size(text) == strlen(tvmtrt_text_data(text)) && strstr(tvmtrt_text_data(text), part) != NULL);
  tvmtrt_text_delete(text);
}

static tvmtrt_options_t *make_options(void) {
  tvmtrt_options_t *options = tvmtrt_options_new();
  tvmtrt_text_t *text = NULL;
  ok(tvmtrt_options_set(options, "log_level", "debug"));
  ok(tvmtrt_options_set(options, "tensorrt_version", "10.6"));
  ok(tvmtrt_options_get(options, "tensorrt_version", &text));
  holds(text, "10.6");
  ok(tvmtrt_options_keys(TVMTRT_FORMAT_TEXT, &text));
  holds(text, "log_level");
  ok(tvmtrt_options_from_env(options));
  fails(tvmtrt_options_set(options, "no_such_option", "1"), TVMTRT_ERROR_UNKNOWN_OPTION);
  fails(tvmtrt_options_set(options, "threads", "many"), TVMTRT_ERROR_BAD_OPTION);
  ok(tvmtrt_options_set_region_filter(options, filter, &ended, end));
  ok(tvmtrt_options_set_log_callback(options, log_line, &ended, end));
  ok(tvmtrt_options_set_progress_callback(options, progress, &ended, end));
  return options;
}

static void check_value(const tvmtrt_value_t *value, const char *name, int64_t rows) {
  CHECK(strcmp(tvmtrt_value_name(value), name) == 0 && strcmp(tvmtrt_value_dtype_name(value), "float32") == 0);
  CHECK(tvmtrt_value_dtype(value).code == kDLFloat && tvmtrt_value_dtype(value).bits == 32 && tvmtrt_value_rank(value) == 2);
  CHECK(tvmtrt_value_dims(value)[0] == rows && tvmtrt_value_dims(value)[1] == 3);
  CHECK(strcmp(tvmtrt_value_dim_text(value, 1), "3") == 0 && strstr(tvmtrt_value_text(value), name) != NULL);
}

static tvmtrt_model_t *make_model(const tvmtrt_options_t *options) {
  tvmtrt_model_t *loaded = NULL, *again;
  fails(tvmtrt_model_load("/no/such/file", options, &loaded), TVMTRT_ERROR_IO);
  CHECK(loaded == NULL);
  ok(tvmtrt_model_load_memory(model, sizeof model, NULL, options, &loaded));
  CHECK(tvmtrt_model_input_count(loaded) == 2 && tvmtrt_model_output_count(loaded) == 2);
  check_value(tvmtrt_model_input(loaded, 1), "b", -1);
  CHECK(strcmp(tvmtrt_value_name(tvmtrt_model_output(loaded, 0)), "y") == 0 && tvmtrt_model_output(loaded, 2) == NULL);
  CHECK(tvmtrt_model_metadata_count(loaded) == 1 && strcmp(tvmtrt_model_metadata_key(loaded, 0), "alphabet") == 0);
  CHECK(strcmp(tvmtrt_model_metadata(loaded, "alphabet"), "abc") == 0);
  again = tvmtrt_model_clone(loaded);
  tvmtrt_model_delete(loaded);
  return again;
}

static tvmtrt_partition_t *make_partition(const tvmtrt_model_t *from, const tvmtrt_options_t *options) {
  const int64_t dims[] = {2, 3};
  const tvmtrt_shape_t shapes[] = {{"a", dims, 2, {kDLFloat, 32, 1}}, {"b", dims, 2, {0, 0, 0}}};
  tvmtrt_partition_t *made = NULL, *again;
  tvmtrt_text_t *text = NULL;
  ok(tvmtrt_partition(from, shapes, 2, options, &made));
  CHECK(tvmtrt_partition_region_count(made) == 1 && asked == 1);
  CHECK(tvmtrt_partition_input_count(made) == 2 && tvmtrt_partition_output_count(made) == 2);
  check_value(tvmtrt_partition_input(made, 0), "a", 2);
  check_value(tvmtrt_partition_output(made, 1), "sum", 2);
  ok(tvmtrt_partition_explain(made, TVMTRT_FORMAT_JSON, &text));
  holds(text, "schema_version");
  ok(tvmtrt_partition_region_json(made, 0, &text));
  holds(text, "nodes");
  again = tvmtrt_partition_clone(made);
  tvmtrt_partition_delete(made);
  return again;
}

static tvmtrt_build_t *make_build(const tvmtrt_partition_t *from, const tvmtrt_options_t *options) {
  tvmtrt_build_t *made = NULL, *again;
  tvmtrt_text_t *text = NULL;
  ok(tvmtrt_build(from, options, &made));
  ok(tvmtrt_build_region_state(made, 0, &text));
  holds(text, "own kernels");
  CHECK(tvmtrt_build_engine_count(made) == 0 && tvmtrt_build_engine_size(made, 0) == 0 && tvmtrt_build_engine_data(made, 0) == NULL);
  fails(tvmtrt_build_engine_layers(made, 0, &text), TVMTRT_ERROR_INVALID_ARGUMENT);
  CHECK(tvmtrt_build_input_count(made) == 2 && tvmtrt_build_output_count(made) == 2);
  check_value(tvmtrt_build_input(made, 0), "a", 2);
  check_value(tvmtrt_build_output(made, 0), "y", 2);
  again = tvmtrt_build_clone(made);
  tvmtrt_build_delete(made);
  return again;
}

static void run(tvmtrt_session_t *session) {
  float a[] = {1, -5, 3, 4, 5, 6}, b[] = {1, 2, 3, 4, 5, 6}, y[6];
  int64_t dims[] = {2, 3};
  DLTensor ta = {a, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, dims, NULL, 0}, tb = ta, ty = ta;
  DLManagedTensorVersioned *sum = NULL;
  tvmtrt_argument_t inputs[] = {{"b", &tb, NULL}, {"a", &ta, NULL}}, outputs[] = {{NULL, &ty, NULL}, {"sum", NULL, &sum}};
  tvmtrt_text_t *text = NULL;
  tb.data = b;
  ty.data = y;
  ok(tvmtrt_run(session, inputs, 2, outputs, 2));
  CHECK(y[0] == 2 && y[1] == 0 && y[5] == 12 && sum->dl_tensor.ndim == 2 && ((float *)sum->dl_tensor.data)[1] == -3);
  CHECK(sum->version.major == 1 && sum->dl_tensor.shape[0] == 2);
  sum->deleter(sum);
  fails(tvmtrt_run(session, inputs, 1, outputs, 1), TVMTRT_ERROR_MISSING_NAME);
  ok(tvmtrt_session_profile(session, inputs, 2, 2, TVMTRT_FORMAT_JSON, &text));
  holds(text, "schema_version");
  ok(tvmtrt_session_set_stream(session, NULL));
  ok(tvmtrt_session_synchronize(session));
}

static void calibrate(const tvmtrt_partition_t *partition, const tvmtrt_options_t *options) {
  float a[] = {1, -5, 3, 4, 5, 6};
  int64_t dims[] = {2, 3};
  DLTensor t = {a, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, dims, NULL, 0};
  tvmtrt_argument_t inputs[] = {{NULL, &t, NULL}, {NULL, &t, NULL}};
  tvmtrt_calibration_t *calibration = NULL;
  ok(tvmtrt_calibration_new(partition, options, &calibration));
  ok(tvmtrt_calibration_add(calibration, inputs, 2));
  fails(tvmtrt_calibration_write(calibration, "/no/such/folder/table"), TVMTRT_ERROR_IO);
  tvmtrt_calibration_delete(calibration);
}

int main(void) {
  tvmtrt_options_t *options = make_options();
  tvmtrt_model_t *loaded = make_model(options);
  tvmtrt_partition_t *partition = make_partition(loaded, options);
  tvmtrt_build_t *build = make_build(partition, options);
  tvmtrt_session_t *session = NULL;
  tvmtrt_text_t *text = NULL;
  ok(tvmtrt_session_new(build, options, &session));
  tvmtrt_model_delete(loaded);
  tvmtrt_build_delete(build);
  run(session);
  calibrate(partition, options);
  ok(tvmtrt_tensorrt_info(options, TVMTRT_FORMAT_TEXT, &text));
  tvmtrt_text_delete(text);
  tvmtrt_partition_delete(partition);
  tvmtrt_session_delete(session);
  tvmtrt_options_delete(options);
  CHECK(ended == 3 && lines > 0);
  CHECK(tvmtrt_version_major() == TVMTRT_VERSION_MAJOR && tvmtrt_version_minor() >= TVMTRT_VERSION_MINOR && TVMTRT_ABI == 0);
  printf("compiled for %d.%d.%d, runs with %s (patch %u)\n", TVMTRT_VERSION_MAJOR, TVMTRT_VERSION_MINOR, TVMTRT_VERSION_PATCH, tvmtrt_version(),
         (unsigned)tvmtrt_version_patch());
  return 0;
}
