package tvmtrt

// From a model's file to what a session runs: models, partitions, builds, calibrations.

/*
#include <tvmtrt.h>
#include <stdlib.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// A Value is an input or output. Dims has -1 where an extent is not fixed; Extents says as text which symbol it is.
type Value struct {
	Name    string
	DType   DType
	Dims    []int64
	Extents []string
	Text    string
}

func values(count C.size_t, at func(C.size_t) *C.tvmtrt_value_t) []Value {
	found := make([]Value, count)
	for i := range found {
		v := at(C.size_t(i))
		rank := C.tvmtrt_value_rank(v)
		dtype := C.tvmtrt_value_dtype(v)
		found[i] = Value{
			Name:    C.GoString(C.tvmtrt_value_name(v)),
			DType:   DType{uint8(dtype.code), uint8(dtype.bits), C.GoString(C.tvmtrt_value_dtype_name(v))},
			Dims:    make([]int64, rank),
			Extents: make([]string, rank),
			Text:    C.GoString(C.tvmtrt_value_text(v)),
		}
		for axis, dim := range unsafe.Slice((*int64)(unsafe.Pointer(C.tvmtrt_value_dims(v))), rank) {
			found[i].Dims[axis] = dim
			found[i].Extents[axis] = C.GoString(C.tvmtrt_value_dim_text(v, C.size_t(axis)))
		}
	}
	return found
}

// A Model is a loaded model.
type Model struct{ ptr *C.tvmtrt_model_t }

func newModel(ptr *C.tvmtrt_model_t, err error) (*Model, error) {
	if err != nil {
		return nil, err
	}
	m := &Model{ptr}
	runtime.SetFinalizer(m, (*Model).Close)
	return m, nil
}

// LoadModel loads a model from a file, which is mapped: do not change it while the model is used.
func LoadModel(path string, options *Options) (m *Model, err error) {
	defer runtime.KeepAlive(options)
	withString(path, func(p *C.char) {
		var out *C.tvmtrt_model_t
		e := C.tvmtrt_model_load(p, options.raw(), &out)
		m, err = newModel(out, failed(e))
	})
	return m, err
}

// LoadModelBytes loads a model from memory, which is copied. folder is where tensors lie that the model keeps in files of their own.
func LoadModelBytes(data []byte, folder string, options *Options) (m *Model, err error) {
	defer runtime.KeepAlive(options)
	withString(folder, func(f *C.char) {
		if folder == "" {
			f = nil
		}
		var out *C.tvmtrt_model_t
		e := C.tvmtrt_model_load_memory(unsafe.Pointer(first(data)), C.size_t(len(data)), f, options.raw(), &out)
		m, err = newModel(out, failed(e))
	})
	return m, err
}

// Close ends this handle; what was made from the model lives on.
func (m *Model) Close() {
	C.tvmtrt_model_delete(m.ptr)
	m.ptr = nil
}

// Inputs are as the file has them.
func (m *Model) Inputs() []Value {
	defer runtime.KeepAlive(m)
	return values(C.tvmtrt_model_input_count(m.ptr), func(i C.size_t) *C.tvmtrt_value_t { return C.tvmtrt_model_input(m.ptr, i) })
}

// Outputs have the shapes that follow from the inputs.
func (m *Model) Outputs() []Value {
	defer runtime.KeepAlive(m)
	return values(C.tvmtrt_model_output_count(m.ptr), func(i C.size_t) *C.tvmtrt_value_t { return C.tvmtrt_model_output(m.ptr, i) })
}

// Metadata is the text that the file carries beside the graph, by key.
func (m *Model) Metadata() map[string]string {
	defer runtime.KeepAlive(m)
	found := map[string]string{}
	for i := C.size_t(0); i < C.tvmtrt_model_metadata_count(m.ptr); i++ {
		key := C.tvmtrt_model_metadata_key(m.ptr, i)
		found[C.GoString(key)] = C.GoString(C.tvmtrt_model_metadata(m.ptr, key))
	}
	return found
}

// A Partition is a model split between TensorRT and our own kernels.
type Partition struct{ ptr *C.tvmtrt_partition_t }

// Partition splits the model for shapes of inputs by name; -1 leaves an extent as the model has it.
func (m *Model) Partition(shapes map[string][]int64, options *Options) (*Partition, error) {
	defer runtime.KeepAlive(m)
	defer runtime.KeepAlive(options)
	var memory arena
	defer memory.free()
	list := unsafe.Slice((*C.tvmtrt_shape_t)(memory.zeros(len(shapes), C.sizeof_tvmtrt_shape_t)), len(shapes))
	i := 0
	for name, dims := range shapes {
		copied := memory.zeros(len(dims), 8)
		copy(unsafe.Slice((*int64)(copied), len(dims)), dims)
		list[i].name, list[i].dims, list[i].rank = memory.text(name), (*C.int64_t)(copied), C.size_t(len(dims))
		i++
	}
	var out *C.tvmtrt_partition_t
	if err := failed(C.tvmtrt_partition(m.ptr, first(list), C.size_t(len(list)), options.raw(), &out)); err != nil {
		return nil, err
	}
	p := &Partition{out}
	runtime.SetFinalizer(p, (*Partition).Close)
	return p, nil
}

// Close ends this handle; what was made from the partition lives on.
func (p *Partition) Close() {
	C.tvmtrt_partition_delete(p.ptr)
	p.ptr = nil
}

// Inputs have the shapes that were fixed for them.
func (p *Partition) Inputs() []Value {
	defer runtime.KeepAlive(p)
	return values(C.tvmtrt_partition_input_count(p.ptr), func(i C.size_t) *C.tvmtrt_value_t { return C.tvmtrt_partition_input(p.ptr, i) })
}

// Outputs have the shapes that follow from the inputs.
func (p *Partition) Outputs() []Value {
	defer runtime.KeepAlive(p)
	return values(C.tvmtrt_partition_output_count(p.ptr), func(i C.size_t) *C.tvmtrt_value_t { return C.tvmtrt_partition_output(p.ptr, i) })
}

// Explain says for each node where it went and why.
func (p *Partition) Explain() (string, error) {
	defer runtime.KeepAlive(p)
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_partition_explain(p.ptr, C.TVMTRT_FORMAT_TEXT, &out), out)
}

// ExplainJSON is [Partition.Explain] for programs.
func (p *Partition) ExplainJSON() (string, error) {
	defer runtime.KeepAlive(p)
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_partition_explain(p.ptr, C.TVMTRT_FORMAT_JSON, &out), out)
}

// ExplainDot is the graph in graphviz's language.
func (p *Partition) ExplainDot() (string, error) {
	defer runtime.KeepAlive(p)
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_partition_explain(p.ptr, C.TVMTRT_FORMAT_DOT, &out), out)
}

// ExplainSVG is a picture of the graph, for browsers.
func (p *Partition) ExplainSVG() (string, error) {
	defer runtime.KeepAlive(p)
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_partition_explain(p.ptr, C.TVMTRT_FORMAT_SVG, &out), out)
}

// Regions is the number of regions that are meant for TensorRT.
func (p *Partition) Regions() int {
	defer runtime.KeepAlive(p)
	return int(C.tvmtrt_partition_region_count(p.ptr))
}

// RegionJSON is the graph of a region in the layout of TVM's JSON runtime.
func (p *Partition) RegionJSON(region int) (string, error) {
	defer runtime.KeepAlive(p)
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_partition_region_json(p.ptr, C.size_t(region), &out), out)
}
