/* Arguments of tvmtrt_run: by name and by place, strided, shared, empty, wrong. */
#include <pthread.h>
#include "check.h"
#include "model.h"

/* A build with CPU kernels for this instruction set. */
static tvmtrt_build_t *build(const char *instructions) {
  tvmtrt_model_t *m = NULL;
  tvmtrt_partition_t *p = NULL;
  tvmtrt_build_t *b = NULL;
  tvmtrt_options_t *options = tvmtrt_options_new();
  OK(tvmtrt_options_set(options, "log_level", "error"));
  OK(tvmtrt_options_set(options, "symbols", "N=1..2..1000"));
  OK(tvmtrt_options_set(options, "cpu_instruction_set", instructions));
  OK(tvmtrt_model_load_memory(model, sizeof model, NULL, options, &m));
  OK(tvmtrt_partition(m, NULL, 0, options, &p));
  OK(tvmtrt_build(p, options, &b));
  /* The build keeps alive what it needs. */
  tvmtrt_options_delete(options);
  tvmtrt_partition_delete(p);
  tvmtrt_model_delete(m);
  return b;
}

static float a[6] = {1, -2, 3, -4, 5, -6}, b[6] = {1, 1, 1, 1, 1, 1};
static const float sum[6] = {2, -1, 4, -3, 6, -5}, y[6] = {2, 0, 4, 0, 6, 0};

static void right_ways(tvmtrt_session_t *s) {
  int64_t shape[2] = {2, 3}, columns[2] = {1, 2}, rows[2] = {3, 1}, backwards[2] = {3, -1}, none[2] = {0, 3};
  float turned[6] = {1, -4, -2, 5, 3, -6}, mirrored[6] = {3, -2, 1, -6, 5, -4}, got[6], other[7], shifted[7];
  DLTensor ta = tensor_of(a, 2, shape), tb = tensor_of(b, 2, shape), out = tensor_of(got, 2, shape), out2 = tensor_of(other, 2, shape);
  DLManagedTensorVersioned *made = NULL;
  tvmtrt_argument_t in[2] = {{NULL, NULL, NULL}, {NULL, NULL, NULL}}, outputs[2] = {{NULL, NULL, NULL}, {NULL, NULL, NULL}};
  in[0].tensor = &ta;
  in[1].tensor = &tb;
  outputs[0].tensor = &out;
  outputs[1].managed = &made;
  OK(tvmtrt_run(s, in, 2, outputs, 2));
  CHECK(memcmp(got, y, sizeof y) == 0 && made->version.major == 1);
  CHECK(made->dl_tensor.ndim == 2 && made->dl_tensor.shape[0] == 2 && made->dl_tensor.shape[1] == 3 && made->dl_tensor.strides[0] == 3);
  CHECK((uintptr_t)made->dl_tensor.data % 64 == 0 && memcmp(made->dl_tensor.data, sum, sizeof sum) == 0);
  made->deleter(made);

  /* By name, in another order, only one output; strides and offsets of inputs and outputs. */
  in[0].name = "b";
  in[0].tensor = &tb;
  in[1].name = "a";
  in[1].tensor = &ta;
  ta.data = turned;
  ta.strides = columns;
  outputs[0].name = "sum";
  out.strides = columns;
  OK(tvmtrt_run(s, in, 2, outputs, 1));
  CHECK(got[0] == 2 && got[1] == -3 && got[2] == -1 && got[3] == 6 && got[4] == 4 && got[5] == -5);
  ta.data = mirrored;
  ta.strides = backwards;
  ta.byte_offset = 2 * sizeof(float);
  out.strides = rows;
  OK(tvmtrt_run(s, in, 2, outputs, 1));
  CHECK(memcmp(got, sum, sizeof sum) == 0);

  /* Not aligned: copied. */
  memcpy((char *)shifted + 1, a, sizeof a);
  ta = tensor_of(shifted, 2, shape);
  ta.byte_offset = 1;
  out2.byte_offset = 3;
  outputs[0].tensor = &out2;
  OK(tvmtrt_run(s, in, 2, outputs, 1));
  CHECK(memcmp((char *)other + 3, sum, sizeof sum) == 0);

  /* An output over an input. */
  memcpy(got, a, sizeof a);
  ta = tensor_of(got, 2, shape);
  outputs[0].tensor = &ta;
  OK(tvmtrt_run(s, in, 2, outputs, 1));
  CHECK(memcmp(got, sum, sizeof sum) == 0);

  /* No element at all: needs no memory, and here a batch that is not empty. */
  ta = tensor_of(NULL, 2, none);
  tb = tensor_of(NULL, 2, none);
  outputs[0].tensor = NULL;
  outputs[0].managed = &made;
  FAILS(WRONG_SHAPE, "extent 0 is 0, but N must be in 1..1000", tvmtrt_run(s, in, 2, outputs, 1));
}

static void wrong_ways(tvmtrt_session_t *s) {
  int64_t shape[2] = {2, 3}, three[2] = {3, 3}, deep[3] = {2, 3, 1}, many[2] = {1001, 3}, negative[2] = {-1, 3}, zeros[2] = {0, 0};
  static float large[3003];
  float got[6] = {7, 7, 7, 7, 7, 7}, untouched[6] = {7, 7, 7, 7, 7, 7};
  DLManagedTensorVersioned *made = NULL;
  DLTensor ta = tensor_of(a, 2, shape), tb = tensor_of(b, 2, shape), out = tensor_of(got, 2, shape), out2 = tensor_of(got + 3, 2, shape);
  const DLTensor good = ta;
  tvmtrt_argument_t in[3] = {{"a", NULL, NULL}, {"b", NULL, NULL}, {NULL, NULL, NULL}};
  tvmtrt_argument_t outputs[3] = {{"y", NULL, NULL}, {"sum", NULL, NULL}, {NULL, NULL, NULL}};
  in[0].tensor = &ta;
  in[1].tensor = &tb;
  outputs[0].tensor = &out;
  FAILS(NULL_POINTER, "inputs is NULL", tvmtrt_run(s, NULL, 2, outputs, 1));
  FAILS(NULL_POINTER, "outputs is NULL", tvmtrt_run(s, in, 2, NULL, 1));
  FAILS(WRONG_COUNT, "no output", tvmtrt_run(s, in, 2, outputs, 0));
  FAILS(WRONG_COUNT, "3 inputs are given, but there are 2 ('a', 'b')", tvmtrt_run(s, in, 3, outputs, 1));
  FAILS(WRONG_COUNT, "3 outputs are given", tvmtrt_run(s, in, 2, outputs, 3));
  FAILS(MISSING_NAME, "input 'b' is not given", tvmtrt_run(s, in, 1, outputs, 1));
  in[0].name = NULL;
  FAILS(WRONG_COUNT, "1 inputs are given, but 2 are needed", tvmtrt_run(s, in, 1, outputs, 1));
  in[0].name = "c";
  FAILS(UNKNOWN_NAME, "no input 'c'; the inputs are 'a', 'b'", tvmtrt_run(s, in, 2, outputs, 1));
  in[0].name = "b";
  FAILS(DUPLICATE_NAME, "input 'b' is given twice", tvmtrt_run(s, in, 2, outputs, 1));
  in[0].name = "\xff";
  FAILS(INVALID_ARGUMENT, "inputs[0]: name is not UTF-8", tvmtrt_run(s, in, 2, outputs, 1));
  in[0].name = "a";
  outputs[0].name = "z";
  FAILS(UNKNOWN_NAME, "no output 'z'", tvmtrt_run(s, in, 2, outputs, 1));
  outputs[0].name = "y";
  FAILS(NULL_POINTER, "output 'sum': tensor and managed", tvmtrt_run(s, in, 2, outputs, 2));
  outputs[1].tensor = &out2;
  FAILS(INVALID_ARGUMENT, "outputs 'sum' and 'y' share memory", tvmtrt_run(s, in, 2, outputs, 2));
  outputs[0].tensor = outputs[1].tensor = NULL;
  outputs[0].managed = outputs[1].managed = &made;
  FAILS(INVALID_ARGUMENT, "share memory", tvmtrt_run(s, in, 2, outputs, 2));
  outputs[0].tensor = &out;

#define WRONG_A(code, part, change)                              \
  ta = good;                                                     \
  change;                                                        \
  FAILS(code, "input 'a'", tvmtrt_run(s, in, 2, outputs, 1));    \
  FAILS(code, part, tvmtrt_run(s, in, 2, outputs, 1))
  WRONG_A(NULL_POINTER, "tensor is NULL", in[0].tensor = NULL);
  in[0].tensor = &ta;
  WRONG_A(NULL_POINTER, "data is NULL", ta.data = NULL);
  WRONG_A(NULL_POINTER, "shape is NULL", ta.shape = NULL);
  WRONG_A(WRONG_DEVICE, "device type 10", ta.device.device_type = 10);
  WRONG_A(WRONG_DEVICE, "lies on GPU 999", ta.device.device_type = kDLCUDA; ta.device.device_id = 999);
  WRONG_A(WRONG_DTYPE, "2 lanes", ta.dtype.lanes = 2);
  WRONG_A(WRONG_DTYPE, "float64, but float32 is expected", ta.dtype.bits = 64);
  WRONG_A(WRONG_DTYPE, "int32, but float32 is expected", ta.dtype.code = kDLInt);
  WRONG_A(WRONG_DTYPE, "code 5", ta.dtype.code = kDLComplex);
  WRONG_A(WRONG_SHAPE, "ndim -1", ta.ndim = -1);
  WRONG_A(WRONG_SHAPE, "ndim 1000000", ta.ndim = 1000000);
  WRONG_A(WRONG_SHAPE, "negative extent", ta.shape = negative);
  WRONG_A(WRONG_SHAPE, "rank 3, but 2 is expected", (ta.shape = deep, ta.ndim = 3));
  WRONG_A(WRONG_SHAPE, "N must be in 1..1000", (ta.shape = many, ta.data = large));
  WRONG_A(INVALID_ARGUMENT, "byte_offset", ta.byte_offset = UINT64_MAX);
#undef WRONG_A
  ta = good;
  tb.shape = three;
  tb.data = large;
  FAILS(WRONG_SHAPE, "input 'b', extent 0 is 3, but N is 2", tvmtrt_run(s, in, 2, outputs, 1));
  tb = good;
  out.shape = three;
  out.data = large;
  FAILS(WRONG_SHAPE, "output 'y', extent 0 is 3, but 2 is expected", tvmtrt_run(s, in, 2, outputs, 1));
  out = tensor_of(got, 2, shape);
  out.dtype.code = kDLInt;
  FAILS(WRONG_DTYPE, "output 'y' is int32", tvmtrt_run(s, in, 2, outputs, 1));
  out.dtype.code = kDLFloat;
  out.strides = zeros;
  FAILS(INVALID_ARGUMENT, "output 'y': strides", tvmtrt_run(s, in, 2, outputs, 1));
  CHECK(memcmp(got, untouched, sizeof got) == 0 && made == NULL);
}

enum { RUNS = 200 };

static void *run_often(void *session) {
  int64_t shape[2] = {2, 3};
  float got[6];
  intptr_t refused = 0;
  int i;
  DLTensor ta = tensor_of(a, 2, shape), tb = tensor_of(b, 2, shape), out = tensor_of(got, 2, shape);
  tvmtrt_argument_t in[2] = {{NULL, NULL, NULL}, {NULL, NULL, NULL}}, output = {"sum", NULL, NULL};
  in[0].tensor = &ta;
  in[1].tensor = &tb;
  output.tensor = &out;
  for (i = 0; i < RUNS; i++) {
    tvmtrt_error_t *error = tvmtrt_run((tvmtrt_session_t *)session, in, 2, &output, 1);
    if (error == NULL) {
      CHECK(memcmp(got, sum, sizeof sum) == 0);
    } else {
      refused++;
      FAILS(INVALID_ARGUMENT, "another thread is running this session", error);
    }
  }
  return (void *)(intptr_t)refused;
}

/* Threads with a session each never meet; threads that share one run or are refused. */
static void threads(const tvmtrt_build_t *shared) {
  tvmtrt_session_t *sessions[2] = {NULL, NULL};
  pthread_t ids[3];
  void *refused[3];
  int i;
  OK(tvmtrt_session_new(shared, NULL, &sessions[0]));
  OK(tvmtrt_session_new(shared, NULL, &sessions[1]));
  for (i = 0; i < 3; i++) CHECK(pthread_create(&ids[i], NULL, run_often, sessions[i / 2]) == 0);
  for (i = 0; i < 3; i++) CHECK(pthread_join(ids[i], &refused[i]) == 0);
  CHECK((intptr_t)refused[0] + (intptr_t)refused[1] < 2 * RUNS && refused[2] == NULL);
  tvmtrt_session_delete(sessions[0]);
  tvmtrt_session_delete(sessions[1]);
}

static void all_ways(const char *instructions) {
  tvmtrt_build_t *shared = build(instructions), *other = tvmtrt_build_clone(shared);
  tvmtrt_session_t *s = NULL;
  OK(tvmtrt_session_new(shared, NULL, &s));
  tvmtrt_build_delete(shared);
  right_ways(s);
  wrong_ways(s);
  right_ways(s);
  tvmtrt_session_delete(s);
  threads(other);
  tvmtrt_build_delete(other);
}

int main(void) {
  all_ways("auto");
  all_ways("portable");
  return 0;
}
