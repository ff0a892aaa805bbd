/* Save, load, load from memory: what is wrong is said and changes nothing; what is right computes the same. */
#include "check.h"
#include "model.h"

static void same(tvmtrt_build_t *build) {
  float a[6] = {1, -2, 3, -4, 5, -6}, b[6] = {1, 1, 1, 1, 1, 1}, y[6];
  int64_t shape[] = {2, 3};
  DLTensor ta = tensor_of(a, 2, shape), tb = tensor_of(b, 2, shape), ty = tensor_of(y, 2, shape);
  tvmtrt_argument_t inputs[] = {{"a", &ta, NULL}, {"b", &tb, NULL}}, output = {"y", &ty, NULL};
  tvmtrt_session_t *session;
  int i;
  CHECK(tvmtrt_build_input_count(build) == 2 && tvmtrt_build_output_count(build) == 2);
  OK(tvmtrt_session_new(build, NULL, &session));
  OK(tvmtrt_run(session, inputs, 2, &output, 1));
  for (i = 0; i < 6; i++) CHECK(y[i] == (a[i] + 1 > 0 ? a[i] + 1 : 0));
  tvmtrt_session_delete(session);
}

int main(int argc, char **argv) {
  char path[4096], *data;
  tvmtrt_model_t *m;
  tvmtrt_partition_t *p;
  tvmtrt_build_t *build, *untouched = NULL, *again = NULL;
  tvmtrt_options_t *options = tvmtrt_options_new();
  FILE *file;
  size_t size;
  CHECK(argc > 0);
  snprintf(path, sizeof path, "%s.tvmtrt", argv[0]);
  OK(tvmtrt_options_set(options, "tensorrt_library", "/no/such/library.so"));
  OK(tvmtrt_options_set(options, "tensorrt_version", "10.6"));
  OK(tvmtrt_model_load_memory(model, sizeof model, NULL, NULL, &m));
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  OK(tvmtrt_build(p, options, &build));
  FAILS(NULL_POINTER, "build", tvmtrt_build_save(NULL, path, options));
  FAILS(NULL_POINTER, "path", tvmtrt_build_save(build, NULL, options));
  FAILS(IO, "/no/such/folder/x.tvmtrt", tvmtrt_build_save(build, "/no/such/folder/x.tvmtrt", NULL));
  FAILS(INVALID_ARGUMENT, "no name", tvmtrt_build_save(build, "/", NULL));
  OK(tvmtrt_build_save(build, path, options));
  tvmtrt_build_delete(build);
  tvmtrt_partition_delete(p);
  tvmtrt_model_delete(m);

  FAILS(NULL_POINTER, "path", tvmtrt_build_load(NULL, options, &untouched));
  FAILS(NULL_POINTER, "out", tvmtrt_build_load(path, options, NULL));
  FAILS(IO, "/no/such/x.tvmtrt", tvmtrt_build_load("/no/such/x.tvmtrt", options, &untouched));
  FAILS(MALFORMED_MODEL, argv[0], tvmtrt_build_load(argv[0], options, &untouched));
  OK(tvmtrt_options_set(options, "artifact_verify", "true"));
  OK(tvmtrt_build_load(path, options, &again));
  same(again);
  tvmtrt_build_delete(again);

  file = fopen(path, "rb");
  CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
  size = (size_t)ftell(file);
  rewind(file);
  data = malloc(size);
  CHECK(data != NULL && fread(data, size, 1, file) == 1);
  fclose(file);
  FAILS(NULL_POINTER, "data", tvmtrt_build_load_memory(NULL, size, options, &untouched));
  FAILS(MALFORMED_MODEL, "too few", tvmtrt_build_load_memory(data, 0, options, &untouched));
  FAILS(MALFORMED_MODEL, "cut or altered", tvmtrt_build_load_memory(data, size - 1, options, &untouched));
  CHECK(untouched == NULL);
  OK(tvmtrt_build_load_memory(data, size, options, &again));
  same(again);
  tvmtrt_build_delete(again);
  free(data);
  tvmtrt_options_delete(options);
  return 0;
}
