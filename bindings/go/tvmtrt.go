// Package tvmtrt runs a trained network with TensorRT where there is one and with generated kernels where there is not.
//
// The way: [LoadModel], [Model.Partition], [Partition.Build], [Build.NewSession], [Session.Run].
//
// Models, partitions and builds never change: any goroutine, any number at once. A [Session] serves one goroutine at a time; make one for
// each. [Options] are changed by one goroutine at a time and copied where they are used. Close ends an object now; those but [Tensor] are
// also ended when nothing refers to them. Objects keep alive what they were made from: close in any order.
//
// This file holds what all the others need: errors, texts and versions. tvmtrt.h documents every call.
package tvmtrt

/*
#cgo pkg-config: tvmtrt
#include <tvmtrt.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

// A Code says what kind of failure an error is; errors.Is(err, tvmtrt.ErrWrongShape) asks for one.
type Code uint32

// The codes of tvmtrt.h, where each is explained.
const (
	ErrInvalidArgument     Code = C.TVMTRT_ERROR_INVALID_ARGUMENT
	ErrNullPointer         Code = C.TVMTRT_ERROR_NULL_POINTER
	ErrUnknownName         Code = C.TVMTRT_ERROR_UNKNOWN_NAME
	ErrDuplicateName       Code = C.TVMTRT_ERROR_DUPLICATE_NAME
	ErrMissingName         Code = C.TVMTRT_ERROR_MISSING_NAME
	ErrWrongDType          Code = C.TVMTRT_ERROR_WRONG_DTYPE
	ErrWrongShape          Code = C.TVMTRT_ERROR_WRONG_SHAPE
	ErrWrongCount          Code = C.TVMTRT_ERROR_WRONG_COUNT
	ErrWrongDevice         Code = C.TVMTRT_ERROR_WRONG_DEVICE
	ErrUnknownOption       Code = C.TVMTRT_ERROR_UNKNOWN_OPTION
	ErrBadOption           Code = C.TVMTRT_ERROR_BAD_OPTION
	ErrIO                  Code = C.TVMTRT_ERROR_IO
	ErrMalformedModel      Code = C.TVMTRT_ERROR_MALFORMED_MODEL
	ErrUnsupportedOperator Code = C.TVMTRT_ERROR_UNSUPPORTED_OPERATOR
	ErrUnsupportedModel    Code = C.TVMTRT_ERROR_UNSUPPORTED_MODEL
	ErrBadGraph            Code = C.TVMTRT_ERROR_BAD_GRAPH
	ErrOffloadImpossible   Code = C.TVMTRT_ERROR_OFFLOAD_IMPOSSIBLE
	ErrTensorRTNotFound    Code = C.TVMTRT_ERROR_TENSORRT_NOT_FOUND
	ErrTensorRTTooOld      Code = C.TVMTRT_ERROR_TENSORRT_TOO_OLD
	ErrTensorRTTooNew      Code = C.TVMTRT_ERROR_TENSORRT_TOO_NEW
	ErrTensorRTBuild       Code = C.TVMTRT_ERROR_TENSORRT_BUILD
	ErrTensorRTUnsupported Code = C.TVMTRT_ERROR_TENSORRT_UNSUPPORTED
	ErrCUDA                Code = C.TVMTRT_ERROR_CUDA
	ErrOutOfMemory         Code = C.TVMTRT_ERROR_OUT_OF_MEMORY
	ErrCPUCode             Code = C.TVMTRT_ERROR_CPU_CODE
	ErrNotImplemented      Code = C.TVMTRT_ERROR_NOT_IMPLEMENTED
	ErrUnsupported         Code = C.TVMTRT_ERROR_UNSUPPORTED
	ErrInternal            Code = C.TVMTRT_ERROR_INTERNAL
	ErrCancelled           Code = C.TVMTRT_ERROR_CANCELLED
)

// Error makes a code something that errors.Is can look for.
func (c Code) Error() string { return fmt.Sprintf("tvmtrt error %d", uint32(c)) }

// An Error is what every failing call returns: what happened, where, and what would help.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// Is tells whether target is the code of this error.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// failed takes over what a call returned.
func failed(e *C.tvmtrt_error_t) error {
	if e == nil {
		return nil
	}
	defer C.tvmtrt_error_delete(e)
	return &Error{Code(C.tvmtrt_error_code(e)), C.GoString(C.tvmtrt_error_message(e))}
}

// text takes over a text, unless the call that made it failed.
func text(e *C.tvmtrt_error_t, t *C.tvmtrt_text_t) (string, error) {
	if err := failed(e); err != nil {
		return "", err
	}
	defer C.tvmtrt_text_delete(t)
	return string(unsafe.Slice((*byte)(unsafe.Pointer(C.tvmtrt_text_data(t))), C.tvmtrt_text_size(t))), nil
}

// first is a slice's memory.
func first[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// withString lends a Go string to C.
func withString(s string, use func(*C.char)) {
	lent := C.CString(s)
	defer C.free(unsafe.Pointer(lent))
	use(lent)
}

// Version is the version of the library that is loaded.
func Version() string { return C.GoString(C.tvmtrt_version()) }

// TensorRTInfo says which TensorRT is used, and each place that was tried. options may be nil.
func TensorRTInfo(options *Options) (string, error) {
	var out *C.tvmtrt_text_t
	defer runtime.KeepAlive(options)
	return text(C.tvmtrt_tensorrt_info(options.raw(), C.TVMTRT_FORMAT_TEXT, &out), out)
}

// TensorRTInfoJSON is [TensorRTInfo] for programs.
func TensorRTInfoJSON(options *Options) (string, error) {
	var out *C.tvmtrt_text_t
	defer runtime.KeepAlive(options)
	return text(C.tvmtrt_tensorrt_info(options.raw(), C.TVMTRT_FORMAT_JSON, &out), out)
}
