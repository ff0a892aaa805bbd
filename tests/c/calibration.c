/* Calibration: data in, a table out, and a build that reads it. The model has no product, so that its table is empty. */
#include "check.h"
#include "model.h"

static void reads(const char *path, const char *part) {
  char text[512];
  FILE *file = fopen(path, "rb");
  size_t size;
  CHECK(file != NULL);
  size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = 0;
  CHECK(strstr(text, part) != NULL);
}

int main(int argc, char **argv) {
  char path[4096];
  float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {0};
  int64_t two[] = {2, 3}, wrong[] = {3, 2};
  DLTensor ta = tensor_of(a, 2, two), tb = tensor_of(b, 2, two), tw = tensor_of(b, 2, wrong);
  tvmtrt_argument_t inputs[] = {{"b", &tb, NULL}, {"a", &ta, NULL}};
  tvmtrt_model_t *m = NULL;
  tvmtrt_partition_t *p = NULL;
  tvmtrt_calibration_t *calibration = NULL;
  tvmtrt_build_t *build = NULL;
  tvmtrt_options_t *options = tvmtrt_options_new();
  CHECK(argc > 0);
  snprintf(path, sizeof path, "%s.json", argv[0]);
  OK(tvmtrt_options_set(options, "tensorrt_version", "10.6"));
  OK(tvmtrt_options_set(options, "tensorrt_library", "/no/such/library.so"));
  OK(tvmtrt_options_set(options, "calibration_method", "percentile"));
  OK(tvmtrt_model_load_memory(model, sizeof model, NULL, NULL, &m));
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  FAILS(NULL_POINTER, "partition", tvmtrt_calibration_new(NULL, NULL, &calibration));
  OK(tvmtrt_calibration_new(p, options, &calibration));
  FAILS(INVALID_ARGUMENT, "seen no data", tvmtrt_calibration_write(calibration, path));
  FAILS(MISSING_NAME, "'a'", tvmtrt_calibration_add(calibration, inputs, 1));
  inputs[0].tensor = &tw;
  FAILS(WRONG_SHAPE, "'b'", tvmtrt_calibration_add(calibration, inputs, 2));
  inputs[0].tensor = &tb;
  OK(tvmtrt_calibration_add(calibration, inputs, 2));
  OK(tvmtrt_calibration_add(calibration, inputs, 2));
  OK(tvmtrt_calibration_write(calibration, path));
  reads(path, "\"samples\": 2");
  reads(path, "\"method\": \"percentile\"");
  FAILS(IO, "/no/such/folder", tvmtrt_calibration_write(calibration, "/no/such/folder/table.json"));
  OK(tvmtrt_options_set(options, "precision", "int8"));
  FAILS(BAD_OPTION, "needs the option calibration", tvmtrt_build(p, options, &build));
  OK(tvmtrt_options_set(options, "calibration", "/no/such/table.json"));
  FAILS(IO, "/no/such/table.json", tvmtrt_build(p, options, &build));
  OK(tvmtrt_options_set(options, "calibration", path));
  OK(tvmtrt_build(p, options, &build));
  tvmtrt_calibration_delete(calibration);
  tvmtrt_calibration_delete(NULL);
  tvmtrt_options_delete(options);
  tvmtrt_build_delete(build);
  tvmtrt_partition_delete(p);
  tvmtrt_model_delete(m);
  return 0;
}
