package tvmtrt

// What the library calls. user is the handle of a Go function; tvmtrtGoForget ends it.

/*
#include <stddef.h>
#include <stdint.h>
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

//export tvmtrtGoRegion
func tvmtrtGoRegion(user unsafe.Pointer, nodes, operators **C.char, count C.size_t) C.int32_t {
	f := cgo.Handle(uintptr(user)).Value().(func(nodes, operators []string) bool)
	return truth(f(goStrings(nodes, count), goStrings(operators, count)))
}

//export tvmtrtGoLog
func tvmtrtGoLog(user unsafe.Pointer, level C.uint32_t, message *C.char) {
	cgo.Handle(uintptr(user)).Value().(func(level LogLevel, message string))(LogLevel(level), C.GoString(message))
}

//export tvmtrtGoProgress
func tvmtrtGoProgress(user unsafe.Pointer, region, phase *C.char, done, total C.size_t) C.int32_t {
	f := cgo.Handle(uintptr(user)).Value().(func(region, phase string, done, total int) bool)
	return truth(f(C.GoString(region), C.GoString(phase), int(done), int(total)))
}

//export tvmtrtGoForget
func tvmtrtGoForget(user unsafe.Pointer) { cgo.Handle(uintptr(user)).Delete() }

func truth(b bool) C.int32_t {
	if b {
		return 1
	}
	return 0
}

func goStrings(texts **C.char, count C.size_t) []string {
	found := make([]string, count)
	for i, t := range unsafe.Slice(texts, count) {
		found[i] = C.GoString(t)
	}
	return found
}
