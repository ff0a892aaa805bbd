/* What the C tests share: a check that says where it failed, and calls that must succeed or fail in a known way. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tvmtrt.h"

#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) {                                                      \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);        \
      exit(1);                                                               \
    }                                                                        \
  } while (0)

/* Succeeds, or says what went wrong. */
#define OK(call) check_ok((call), __FILE__, __LINE__)

/* Fails with TVMTRT_ERROR_code, and the message holds `part`. */
#define FAILS(code, part, call) check_fails((call), TVMTRT_ERROR_##code, (part), __FILE__, __LINE__)

static inline void check_ok(tvmtrt_error_t *error, const char *file, int line) {
  if (error == NULL) return;
  fprintf(stderr, "%s:%d: error %u: %s\n", file, line, (unsigned)tvmtrt_error_code(error), tvmtrt_error_message(error));
  exit(1);
}

static inline void check_fails(tvmtrt_error_t *error, uint32_t code, const char *part, const char *file, int line) {
  const char *message = tvmtrt_error_message(error);
  if (error == NULL || tvmtrt_error_code(error) != code || strstr(message, part) == NULL) {
    fprintf(stderr, "%s:%d: expected error %u with '%s', got %u: %s\n", file, line, (unsigned)code, part,
            (unsigned)tvmtrt_error_code(error), message);
    exit(1);
  }
  tvmtrt_error_delete(error);
}

/* A dense float32 tensor in host memory. */
static inline DLTensor tensor_of(float *data, int32_t ndim, int64_t *shape) {
  DLTensor t;
  memset(&t, 0, sizeof t);
  t.data = data;
  t.device.device_type = kDLCPU;
  t.ndim = ndim;
  t.dtype.code = kDLFloat;
  t.dtype.bits = 32;
  t.dtype.lanes = 1;
  t.shape = shape;
  return t;
}

#endif
