/* 32 threads share a model, a partition and a build: each takes handles of them, makes a session of its own and runs it many times; some
 * build anew. Results are checked; under ThreadSanitizer this shows races. threads [MODEL.onnx]: another network, with float32 inputs, two at most. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"
#include "model.h"

enum { THREADS = 32, RUNS = 25, MAX_RANK = 8 };

static tvmtrt_model_t *shared_model;
static tvmtrt_partition_t *shared_partition;
static tvmtrt_build_t *shared_build;
static pthread_barrier_t start;

/* One run; the first element of the first output. */
static float run_once(tvmtrt_session_t *session, const tvmtrt_build_t *build, float value) {
  DLTensor tensors[2];
  tvmtrt_argument_t inputs[2];
  DLManagedTensorVersioned *out = NULL;
  tvmtrt_argument_t output = {NULL, NULL, &out};
  int64_t dims[2][MAX_RANK];
  float *data[2], first;
  size_t n = tvmtrt_build_input_count(build), i, k, count;
  CHECK(n <= 2);
  for (i = 0; i < n; i++) {
    const tvmtrt_value_t *v = tvmtrt_build_input(build, i);
    for (count = 1, k = 0; k < tvmtrt_value_rank(v); k++) {
      dims[i][k] = tvmtrt_value_dims(v)[k] < 0 ? 4 : tvmtrt_value_dims(v)[k];
      count *= (size_t)dims[i][k];
    }
    data[i] = (float *)malloc(count * sizeof(float));
    for (k = 0; k < count; k++) data[i][k] = value;
    tensors[i] = tensor_of(data[i], (int32_t)tvmtrt_value_rank(v), dims[i]);
    inputs[i].name = tvmtrt_value_name(v);
    inputs[i].tensor = &tensors[i];
    inputs[i].managed = NULL;
  }
  OK(tvmtrt_run(session, inputs, n, &output, 1));
  first = ((float *)out->dl_tensor.data)[0];
  out->deleter(out);
  for (i = 0; i < n; i++) free(data[i]);
  return first;
}

static void *work(void *argument) {
  float value = (float)(size_t)argument, expected = 0;
  tvmtrt_text_t *text = NULL;
  tvmtrt_session_t *session = NULL;
  pthread_barrier_wait(&start);
  {
    tvmtrt_build_t *build = tvmtrt_build_clone(shared_build);
    tvmtrt_model_t *model_handle = tvmtrt_model_clone(shared_model);
    tvmtrt_partition_t *partition = tvmtrt_partition_clone(shared_partition);
    OK(tvmtrt_partition_explain(partition, TVMTRT_FORMAT_TEXT, &text));
    tvmtrt_text_delete(text);
    if ((size_t)argument % 8 == 0) { /* some build anew, all at once */
      tvmtrt_build_delete(build);
      OK(tvmtrt_build(partition, NULL, &build));
    }
    OK(tvmtrt_session_new(build, NULL, &session));
    for (int i = 0; i < RUNS; i++) {
      float got = run_once(session, build, value);
      if (i == 0) expected = got;
      CHECK(got == expected);
    }
    if (tvmtrt_build_output_count(build) == 2) CHECK(expected == 2 * value);
    tvmtrt_build_delete(build);
    tvmtrt_partition_delete(partition);
    tvmtrt_model_delete(model_handle);
  }
  tvmtrt_session_delete(session);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t threads[THREADS];
  tvmtrt_options_t *options = tvmtrt_options_new();
  OK(tvmtrt_options_set(options, "tensorrt_version", "10.6"));
  if (argc > 1)
    OK(tvmtrt_model_load(argv[1], NULL, &shared_model));
  else
    OK(tvmtrt_model_load_memory(model, sizeof model, NULL, NULL, &shared_model));
  OK(tvmtrt_partition(shared_model, NULL, 0, options, &shared_partition));
  OK(tvmtrt_build(shared_partition, options, &shared_build));
  pthread_barrier_init(&start, NULL, THREADS);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
  /* The main thread lets go while the others run. */
  tvmtrt_options_delete(options);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  tvmtrt_model_delete(shared_model);
  tvmtrt_partition_delete(shared_partition);
  tvmtrt_build_delete(shared_build);
  pthread_barrier_destroy(&start);
  printf("%d threads, %d runs each\n", THREADS, RUNS);
  return 0;
}
