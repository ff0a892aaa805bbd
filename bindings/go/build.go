package tvmtrt

// Builds, and calibrations, which make what builds in int8 need.

/*
#include <tvmtrt.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

// A Build is a partition made ready to run.
type Build struct {
	ptr    *C.tvmtrt_build_t
	memory *memory // what it was loaded from
}

// Build builds an engine or kernels for each region.
func (p *Partition) Build(options *Options) (*Build, error) {
	defer runtime.KeepAlive(p)
	defer runtime.KeepAlive(options)
	var out *C.tvmtrt_build_t
	if err := failed(C.tvmtrt_build(p.ptr, options.raw(), &out)); err != nil {
		return nil, err
	}
	return newBuild(out, nil), nil
}

func newBuild(ptr *C.tvmtrt_build_t, from *memory) *Build {
	b := &Build{ptr, from}
	runtime.SetFinalizer(b, (*Build).Close)
	return b
}

// LoadBuild loads a build that [Build.Save] wrote, here or on another machine. The file is mapped: do not change it while the build is used.
func LoadBuild(path string, options *Options) (b *Build, err error) {
	defer runtime.KeepAlive(options)
	withString(path, func(p *C.char) {
		var out *C.tvmtrt_build_t
		if err = failed(C.tvmtrt_build_load(p, options.raw(), &out)); err == nil {
			b = newBuild(out, nil)
		}
	})
	return b, err
}

// LoadBuildBytes loads a build from the bytes of such a file, which are copied.
func LoadBuildBytes(data []byte, options *Options) (*Build, error) {
	defer runtime.KeepAlive(options)
	from, err := newMemory(data)
	if err != nil {
		return nil, err
	}
	var out *C.tvmtrt_build_t
	if err := failed(C.tvmtrt_build_load_memory(from.ptr, C.size_t(len(data)), options.raw(), &out)); err != nil {
		return nil, err
	}
	return newBuild(out, from), nil
}

// Save writes one file with all that running it needs, here or elsewhere; a name that ends in .so makes a shared object.
func (b *Build) Save(path string, options *Options) (err error) {
	defer runtime.KeepAlive(b)
	defer runtime.KeepAlive(options)
	withString(path, func(p *C.char) { err = failed(C.tvmtrt_build_save(b.ptr, p, options.raw())) })
	return err
}

// memory is a copy outside of Go's heap, which the library uses as long as a build or session refers to it: finalizers run in that order.
type memory struct{ ptr unsafe.Pointer }

func newMemory(data []byte) (*memory, error) {
	m := &memory{}
	if C.posix_memalign(&m.ptr, 64, C.size_t(len(data))+1) != 0 {
		return nil, fmt.Errorf("tvmtrt: no memory for a copy of %d bytes", len(data))
	}
	copy(unsafe.Slice((*byte)(m.ptr), len(data)), data)
	runtime.SetFinalizer(m, func(m *memory) { C.free(m.ptr) })
	return m, nil
}

// Close ends this handle; sessions of the build live on.
func (b *Build) Close() {
	C.tvmtrt_build_delete(b.ptr)
	b.ptr = nil
}

// Inputs are those of [Session.Run].
func (b *Build) Inputs() []Value {
	defer runtime.KeepAlive(b)
	return values(C.tvmtrt_build_input_count(b.ptr), func(i C.size_t) *C.tvmtrt_value_t { return C.tvmtrt_build_input(b.ptr, i) })
}

// Outputs are those of [Session.Run].
func (b *Build) Outputs() []Value {
	defer runtime.KeepAlive(b)
	return values(C.tvmtrt_build_output_count(b.ptr), func(i C.size_t) *C.tvmtrt_value_t { return C.tvmtrt_build_output(b.ptr, i) })
}

// Engines is the number of regions that have a TensorRT engine by now.
func (b *Build) Engines() int {
	defer runtime.KeepAlive(b)
	return int(C.tvmtrt_build_engine_count(b.ptr))
}

// RegionState says where a region runs and why.
func (b *Build) RegionState(region int) (string, error) {
	defer runtime.KeepAlive(b)
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_build_region_state(b.ptr, C.size_t(region), &out), out)
}

// Engine is a copy of a region's serialised TensorRT engine; nil where it has none.
func (b *Build) Engine(region int) []byte {
	defer runtime.KeepAlive(b)
	data := C.tvmtrt_build_engine_data(b.ptr, C.size_t(region))
	if data == nil {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(data), C.tvmtrt_build_engine_size(b.ptr, C.size_t(region)))...)
}

// EngineLayers is TensorRT's own account of the layers of a region's engine, as JSON.
func (b *Build) EngineLayers(region int) (string, error) {
	defer runtime.KeepAlive(b)
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_build_engine_layers(b.ptr, C.size_t(region), &out), out)
}

// A Calibration makes the table of ranges that engines in int8 are built with. One goroutine at a time.
type Calibration struct{ ptr *C.tvmtrt_calibration_t }

// NewCalibration begins one.
func (p *Partition) NewCalibration(options *Options) (*Calibration, error) {
	defer runtime.KeepAlive(p)
	defer runtime.KeepAlive(options)
	var out *C.tvmtrt_calibration_t
	if err := failed(C.tvmtrt_calibration_new(p.ptr, options.raw(), &out)); err != nil {
		return nil, err
	}
	c := &Calibration{out}
	runtime.SetFinalizer(c, (*Calibration).Close)
	return c, nil
}

// Close ends the calibration.
func (c *Calibration) Close() {
	C.tvmtrt_calibration_delete(c.ptr)
	c.ptr = nil
}

// Add runs once on data like those that the engine will see.
func (c *Calibration) Add(inputs map[string]*Tensor) error {
	defer runtime.KeepAlive(c)
	defer runtime.KeepAlive(inputs)
	var memory arena
	defer memory.free()
	list := memory.arguments(inputs)
	return failed(C.tvmtrt_calibration_add(c.ptr, first(list), C.size_t(len(list))))
}

// Write writes the table, for the option "calibration".
func (c *Calibration) Write(path string) (err error) {
	defer runtime.KeepAlive(c)
	withString(path, func(p *C.char) { err = failed(C.tvmtrt_calibration_write(c.ptr, p)) })
	return err
}
