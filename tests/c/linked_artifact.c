/* An artifact that is linked into the program: run once from there and once from the same file opened by dlopen. Prints the results of each. */
#include <dlfcn.h>
#include "check.h"

extern const void *const tvmtrt_artifact_data;
extern const uint64_t tvmtrt_artifact_size;

static void run(const void *data, uint64_t size, float *picture) {
  int64_t shape[] = {1, 3, 8, 8}, classes[] = {1, 5};
  float result[5];
  DLTensor x = tensor_of(picture, 4, shape), y = tensor_of(result, 2, classes);
  tvmtrt_argument_t input = {"x", &x, NULL}, output = {"y", &y, NULL};
  tvmtrt_build_t *build;
  tvmtrt_session_t *session;
  int i;
  OK(tvmtrt_build_load_memory(data, size, NULL, &build));
  OK(tvmtrt_session_new(build, NULL, &session));
  OK(tvmtrt_run(session, &input, 1, &output, 1));
  for (i = 0; i < 5; i++) printf("%.5f%s", result[i], i < 4 ? " " : "\n");
  tvmtrt_session_delete(session);
  tvmtrt_build_delete(build);
}

int main(int argc, char **argv) {
  static float picture[192];
  const void *const *data;
  const uint64_t *size;
  void *object;
  FILE *file;
  CHECK(argc == 3);
  file = fopen(argv[1], "rb");
  CHECK(file != NULL && fread(picture, sizeof picture, 1, file) == 1);
  fclose(file);
  run(tvmtrt_artifact_data, tvmtrt_artifact_size, picture);
  object = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
  CHECK(object != NULL);
  data = (const void *const *)dlsym(object, "tvmtrt_artifact_data");
  size = (const uint64_t *)dlsym(object, "tvmtrt_artifact_size");
  CHECK(data != NULL && size != NULL && *size == tvmtrt_artifact_size);
  run(*data, *size, picture);
  dlclose(object);
  return 0;
}
