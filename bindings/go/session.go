package tvmtrt

// Runs. One goroutine at a time for one session.

/*
#include <tvmtrt.h>
#include <stdlib.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// A Session is what one goroutine at a time needs to run a build.
type Session struct {
	ptr     *C.tvmtrt_session_t
	outputs []string
	memory  *memory // what the build was loaded from
}

// NewSession makes a session; make as many as goroutines run the build.
func (b *Build) NewSession(options *Options) (*Session, error) {
	defer runtime.KeepAlive(b)
	defer runtime.KeepAlive(options)
	var out *C.tvmtrt_session_t
	if err := failed(C.tvmtrt_session_new(b.ptr, options.raw(), &out)); err != nil {
		return nil, err
	}
	s := &Session{ptr: out, memory: b.memory}
	for _, v := range b.Outputs() {
		s.outputs = append(s.outputs, v.Name)
	}
	runtime.SetFinalizer(s, (*Session).Close)
	return s, nil
}

// Close waits for the session's own work and ends it. Outputs that it made live on.
func (s *Session) Close() {
	C.tvmtrt_session_delete(s.ptr)
	s.ptr = nil
}

// Run computes all outputs. Those in outputs, which may be nil, go into the caller's tensors; the others are made, and are the caller's to
// close. The result holds all of them.
func (s *Session) Run(inputs, outputs map[string]*Tensor) (map[string]*Tensor, error) {
	defer runtime.KeepAlive(s)
	defer runtime.KeepAlive(inputs)
	var memory arena
	defer memory.free()
	feeds, targets := memory.arguments(inputs), memory.arguments(outputs)
	result := map[string]*Tensor{}
	for name, t := range outputs {
		result[name] = t
	}
	var made []string
	for _, name := range s.outputs {
		if _, given := outputs[name]; !given {
			made = append(made, name)
		}
	}
	managed := unsafe.Slice((**C.DLManagedTensorVersioned)(memory.zeros(len(made), 8)), len(made))
	for i, name := range made {
		targets = append(targets, C.tvmtrt_argument_t{name: memory.text(name), managed: &managed[i]})
	}
	all := memory.copied(targets)
	err := failed(C.tvmtrt_run(s.ptr, first(feeds), C.size_t(len(feeds)), all, C.size_t(len(targets))))
	if err != nil {
		return nil, err
	}
	for i, name := range made {
		result[name] = &Tensor{tensor: &managed[i].dl_tensor, managed: managed[i]}
	}
	return result, nil
}

// SetStream queues the session's work on a GPU on the caller's stream, a cudaStream_t; nil is CUDA's default one.
func (s *Session) SetStream(stream unsafe.Pointer) error {
	defer runtime.KeepAlive(s)
	return failed(C.tvmtrt_session_set_stream(s.ptr, stream))
}

// Synchronize waits for all work that the session has queued.
func (s *Session) Synchronize() error {
	defer runtime.KeepAlive(s)
	return failed(C.tvmtrt_session_synchronize(s.ptr))
}

// Profile says where the time of a run goes, as text.
func (s *Session) Profile(inputs map[string]*Tensor, runs int) (string, error) {
	return s.profile(inputs, runs, C.TVMTRT_FORMAT_TEXT)
}

// ProfileJSON is [Session.Profile] for programs.
func (s *Session) ProfileJSON(inputs map[string]*Tensor, runs int) (string, error) {
	return s.profile(inputs, runs, C.TVMTRT_FORMAT_JSON)
}

func (s *Session) profile(inputs map[string]*Tensor, runs int, format C.uint32_t) (string, error) {
	defer runtime.KeepAlive(s)
	defer runtime.KeepAlive(inputs)
	var memory arena
	defer memory.free()
	feeds := memory.arguments(inputs)
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_session_profile(s.ptr, first(feeds), C.size_t(len(feeds)), C.size_t(runs), format, &out), out)
}

// An arena is memory of C for one call: what holds pointers must not lie in Go's heap.
type arena []unsafe.Pointer

func (a *arena) keep(p unsafe.Pointer) unsafe.Pointer {
	*a = append(*a, p)
	return p
}

func (a *arena) free() {
	for _, p := range *a {
		C.free(p)
	}
}

func (a *arena) zeros(count int, size C.size_t) unsafe.Pointer {
	return a.keep(C.calloc(C.size_t(count)+1, size))
}

func (a *arena) text(s string) *C.char {
	return (*C.char)(a.keep(unsafe.Pointer(C.CString(s))))
}

func (a *arena) copied(list []C.tvmtrt_argument_t) *C.tvmtrt_argument_t {
	place := (*C.tvmtrt_argument_t)(a.zeros(len(list), C.sizeof_tvmtrt_argument_t))
	copy(unsafe.Slice(place, len(list)), list)
	return place
}

func (a *arena) arguments(tensors map[string]*Tensor) []C.tvmtrt_argument_t {
	list := unsafe.Slice((*C.tvmtrt_argument_t)(a.zeros(len(tensors), C.sizeof_tvmtrt_argument_t)), len(tensors))
	i := 0
	for name, t := range tensors {
		list[i].name, list[i].tensor = a.text(name), t.tensor
		i++
	}
	return list
}
