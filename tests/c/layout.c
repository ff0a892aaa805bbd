/* Prints the header's structures: size, and place of each field. A test compares this with the library's own. */
#include <stdio.h>
#include "tvmtrt.h"

#define SIZE(type) printf("%s %u\n", #type, (unsigned)sizeof(type))
#define FIELD(type, field) printf("%s.%s %u\n", #type, #field, (unsigned)offsetof(type, field))

int main(void) {
  SIZE(DLDevice);
  FIELD(DLDevice, device_type);
  FIELD(DLDevice, device_id);
  SIZE(DLDataType);
  FIELD(DLDataType, code);
  FIELD(DLDataType, bits);
  FIELD(DLDataType, lanes);
  SIZE(DLTensor);
  FIELD(DLTensor, data);
  FIELD(DLTensor, device);
  FIELD(DLTensor, ndim);
  FIELD(DLTensor, dtype);
  FIELD(DLTensor, shape);
  FIELD(DLTensor, strides);
  FIELD(DLTensor, byte_offset);
  SIZE(DLManagedTensorVersioned);
  FIELD(DLManagedTensorVersioned, version);
  FIELD(DLManagedTensorVersioned, manager_ctx);
  FIELD(DLManagedTensorVersioned, deleter);
  FIELD(DLManagedTensorVersioned, flags);
  FIELD(DLManagedTensorVersioned, dl_tensor);
  SIZE(tvmtrt_shape_t);
  FIELD(tvmtrt_shape_t, name);
  FIELD(tvmtrt_shape_t, dims);
  FIELD(tvmtrt_shape_t, rank);
  FIELD(tvmtrt_shape_t, dtype);
  SIZE(tvmtrt_argument_t);
  FIELD(tvmtrt_argument_t, name);
  FIELD(tvmtrt_argument_t, tensor);
  FIELD(tvmtrt_argument_t, managed);
  return 0;
}
