package tvmtrt

// Options and their callbacks. What an option means is the library's business.

/*
#include <tvmtrt.h>
#include <stdint.h>

extern int32_t tvmtrtGoRegion(void *user, char **nodes, char **operators, size_t count);
extern void tvmtrtGoLog(void *user, uint32_t level, char *message);
extern int32_t tvmtrtGoProgress(void *user, char *region, char *phase, size_t done, size_t total);
extern void tvmtrtGoForget(void *user);

static tvmtrt_error_t *set_region_filter(tvmtrt_options_t *options, uintptr_t user)
{
    return tvmtrt_options_set_region_filter(options, user ? (tvmtrt_region_filter_t)tvmtrtGoRegion : NULL, (void *)user, user ? tvmtrtGoForget : NULL);
}

static tvmtrt_error_t *set_log_callback(tvmtrt_options_t *options, uintptr_t user)
{
    return tvmtrt_options_set_log_callback(options, user ? (tvmtrt_log_callback_t)tvmtrtGoLog : NULL, (void *)user, user ? tvmtrtGoForget : NULL);
}

static tvmtrt_error_t *set_progress_callback(tvmtrt_options_t *options, uintptr_t user)
{
    return tvmtrt_options_set_progress_callback(options, user ? (tvmtrt_progress_callback_t)tvmtrtGoProgress : NULL, (void *)user, user ? tvmtrtGoForget : NULL);
}
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
)

// Options are settings by key, as [OptionsManual] lists them. A nil *Options means all defaults, wherever options are taken.
type Options struct{ ptr *C.tvmtrt_options_t }

// NewOptions sets each key to its value. An unknown key is an [ErrUnknownOption] that names the nearest one.
func NewOptions(values map[string]string) (*Options, error) {
	o := &Options{C.tvmtrt_options_new()}
	runtime.SetFinalizer(o, (*Options).Close)
	for key, value := range values {
		if err := o.Set(key, value); err != nil {
			o.Close()
			return nil, err
		}
	}
	return o, nil
}

func (o *Options) raw() *C.tvmtrt_options_t {
	if o == nil {
		return nil
	}
	return o.ptr
}

// Close ends the options. What was made with them keeps what it copied.
func (o *Options) Close() {
	C.tvmtrt_options_delete(o.ptr)
	o.ptr = nil
}

// Set sets one option.
func (o *Options) Set(key, value string) (err error) {
	defer runtime.KeepAlive(o)
	withString(key, func(k *C.char) {
		withString(value, func(v *C.char) { err = failed(C.tvmtrt_options_set(o.ptr, k, v)) })
	})
	return err
}

// Reset sets one option back to its default.
func (o *Options) Reset(key string) (err error) {
	defer runtime.KeepAlive(o)
	withString(key, func(k *C.char) { err = failed(C.tvmtrt_options_set(o.ptr, k, nil)) })
	return err
}

// Get gives the value of one option in canonical form, or its default.
func (o *Options) Get(key string) (value string, err error) {
	defer runtime.KeepAlive(o)
	withString(key, func(k *C.char) {
		var out *C.tvmtrt_text_t
		value, err = text(C.tvmtrt_options_get(o.ptr, k, &out), out)
	})
	return value, err
}

// FromEnv sets what the variables of TVM and MXNet say now.
func (o *Options) FromEnv() error {
	defer runtime.KeepAlive(o)
	return failed(C.tvmtrt_options_from_env(o.ptr))
}

// OptionsManual lists every option: key, type, default, readers and meaning.
func OptionsManual() (string, error) {
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_options_keys(C.TVMTRT_FORMAT_TEXT, &out), out)
}

// OptionsManualJSON is [OptionsManual] for programs.
func OptionsManualJSON() (string, error) {
	var out *C.tvmtrt_text_t
	return text(C.tvmtrt_options_keys(C.TVMTRT_FORMAT_JSON, &out), out)
}

// A LogLevel says how important a log line is.
type LogLevel uint32

// The levels of tvmtrt.h.
const (
	LogError   LogLevel = C.TVMTRT_LOG_ERROR
	LogWarning LogLevel = C.TVMTRT_LOG_WARNING
	LogInfo    LogLevel = C.TVMTRT_LOG_INFO
	LogDebug   LogLevel = C.TVMTRT_LOG_DEBUG
)

// OnLog has f called for log lines, which otherwise go to standard error; nil goes back to that. Several threads may call f at once.
// Neither f nor the other callbacks may panic or call this package.
func (o *Options) OnLog(f func(level LogLevel, message string)) error {
	return o.setCallback(f, f == nil, func(user C.uintptr_t) *C.tvmtrt_error_t { return C.set_log_callback(o.ptr, user) })
}

// OnProgress has f called while engines are built: done of total steps of a phase. False stops the build with [ErrCancelled].
func (o *Options) OnProgress(f func(region, phase string, done, total int) bool) error {
	return o.setCallback(f, f == nil, func(user C.uintptr_t) *C.tvmtrt_error_t { return C.set_progress_callback(o.ptr, user) })
}

// FilterRegions has f decide on each region that would go to TensorRT; false keeps it off.
func (o *Options) FilterRegions(f func(nodes, operators []string) bool) error {
	return o.setCallback(f, f == nil, func(user C.uintptr_t) *C.tvmtrt_error_t { return C.set_region_filter(o.ptr, user) })
}

// setCallback gives the library a handle of f, which tvmtrtGoForget ends.
func (o *Options) setCallback(f any, none bool, set func(C.uintptr_t) *C.tvmtrt_error_t) error {
	defer runtime.KeepAlive(o)
	if none {
		return failed(set(0))
	}
	handle := cgo.NewHandle(f)
	err := failed(set(C.uintptr_t(handle)))
	if err != nil {
		handle.Delete()
	}
	return err
}
