package tvmtrt

// Tensors: memory outside of Go's heap, which the library may read and write without copies. Knows nothing of names or sessions.

/*
#include <tvmtrt.h>
#include <stdlib.h>

// The tensor, its extents and its elements in one block, aligned for vectors.
static DLTensor *new_tensor(DLDataType dtype, int32_t ndim, size_t bytes)
{
    size_t start = (sizeof(DLTensor) + (size_t)ndim * sizeof(int64_t) + 63) / 64 * 64;
    DLTensor *t = NULL;
    if (posix_memalign((void **)&t, 64, start + bytes))
        return NULL;
    *t = (DLTensor){.data = (char *)t + start, .device = {kDLCPU, 0}, .ndim = ndim, .dtype = dtype, .shape = (int64_t *)(t + 1)};
    return t;
}

static void delete_managed(DLManagedTensorVersioned *m)
{
    if (m->deleter)
        m->deleter(m);
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// A DType is an element type: DLPack's code and bits, and numpy's name.
type DType struct {
	Code, Bits uint8
	Name       string
}

// Element types that have no Go type.
var (
	Float16  = DType{C.kDLFloat, 16, "float16"}
	BFloat16 = DType{C.kDLBfloat, 16, "bfloat16"}
)

// An Element is a Go type that has an element type.
type Element interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool
}

// DTypeOf is the element type of a Go type.
func DTypeOf[T Element]() DType {
	var zero T
	name := fmt.Sprintf("%T", zero)
	code := C.kDLFloat
	switch name[0] {
	case 'i':
		code = C.kDLInt
	case 'u':
		code = C.kDLUInt
	case 'b':
		code = C.kDLBool
	}
	return DType{uint8(code), uint8(8 * unsafe.Sizeof(zero)), name}
}

// A Tensor owns memory outside of Go's heap until Close; it has no finalizer, for slices of [Data] look at that memory.
type Tensor struct {
	tensor  *C.DLTensor
	managed *C.DLManagedTensorVersioned // where the library has made it
}

// NewTensor makes a tensor of zeros.
func NewTensor(dtype DType, shape ...int64) (*Tensor, error) {
	bytes := int64(dtype.Bits / 8)
	for _, n := range shape {
		if n < 0 || bytes > 1<<46 {
			return nil, fmt.Errorf("tvmtrt: no tensor has the shape %v", shape)
		}
		bytes *= n
	}
	t := C.new_tensor(C.DLDataType{C.uint8_t(dtype.Code), C.uint8_t(dtype.Bits), 1}, C.int32_t(len(shape)), C.size_t(bytes))
	if t == nil {
		return nil, fmt.Errorf("tvmtrt: no memory for a tensor of %d bytes", bytes)
	}
	copy(unsafe.Slice((*int64)(unsafe.Pointer(t.shape)), len(shape)), shape)
	made := &Tensor{tensor: t}
	for i := range made.Bytes() {
		made.Bytes()[i] = 0
	}
	return made, nil
}

// FromSlice makes a tensor with a copy of values.
func FromSlice[T Element](values []T, shape ...int64) (*Tensor, error) {
	t, err := NewTensor(DTypeOf[T](), shape...)
	if err != nil {
		return nil, err
	}
	data, err := Data[T](t)
	if err == nil && len(data) != len(values) {
		err = fmt.Errorf("tvmtrt: %d values do not fill the shape %v", len(values), shape)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	copy(data, values)
	return t, nil
}

// Data looks at the elements of a tensor, in row-major order. The slice must not be used after the tensor's Close.
func Data[T Element](t *Tensor) ([]T, error) {
	want, have := DTypeOf[T](), t.tensor.dtype
	if want.Code != uint8(have.code) || want.Bits != uint8(have.bits) {
		return nil, fmt.Errorf("tvmtrt: a tensor of type code %d with %d bits is not of %s", have.code, have.bits, want.Name)
	}
	bytes := t.Bytes()
	return unsafe.Slice((*T)(unsafe.Pointer(first(bytes))), len(bytes)/int(want.Bits/8)), nil
}

// Bytes looks at the memory of a tensor, for element types that Go has not. It must not be used after the tensor's Close.
func (t *Tensor) Bytes() []byte {
	bytes := int64(t.tensor.dtype.bits / 8)
	for _, n := range t.Shape() {
		bytes *= n
	}
	return unsafe.Slice((*byte)(unsafe.Add(t.tensor.data, t.tensor.byte_offset)), bytes)
}

// Shape is the extents, outermost first.
func (t *Tensor) Shape() []int64 {
	return append([]int64(nil), unsafe.Slice((*int64)(unsafe.Pointer(t.tensor.shape)), t.tensor.ndim)...)
}

// Close gives the memory back.
func (t *Tensor) Close() {
	switch {
	case t.managed != nil:
		C.delete_managed(t.managed)
	case t.tensor != nil:
		C.free(unsafe.Pointer(t.tensor))
	}
	t.managed, t.tensor = nil, nil
}
