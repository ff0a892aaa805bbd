package tvmtrt

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// What the scenario does not touch.

func classifier(t *testing.T, values map[string]string) *Partition {
	t.Helper()
	values["tensorrt_version"] = "10.6" // a partition for it needs no library
	o, err := NewOptions(values)
	if err != nil {
		t.Fatal(err)
	}
	m, err := LoadModel(folder+"classifier.onnx", nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Partition(map[string][]int64{"x": {2, 3, 16, 16}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRegions(t *testing.T) {
	p := classifier(t, map[string]string{})
	graph, err := p.RegionJSON(0)
	if err != nil || p.Regions() != 1 || !json.Valid([]byte(graph)) {
		t.Error(p.Regions(), err)
	}
	dot, err := p.ExplainDot()
	svg, err2 := p.ExplainSVG()
	if !strings.HasPrefix(dot, "digraph") || !strings.Contains(svg, "<svg") {
		t.Error(err, err2)
	}
	if _, err := p.RegionJSON(1); !errors.Is(err, ErrInvalidArgument) || errors.Is(err, ErrIO) {
		t.Error(err)
	}
	o, _ := NewOptions(map[string]string{"tensorrt_version": "10.6"})
	err = o.FilterRegions(func(nodes, operators []string) bool { return len(nodes) != len(operators) || len(nodes) == 0 })
	if err != nil {
		t.Fatal(err)
	}
	m, err := LoadModel(folder+"classifier.onnx", nil)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := m.Partition(nil, o); err != nil || p.Regions() != 0 || p.Outputs()[0].Name != "scores" {
		t.Error("the filter was not asked", err)
	}
}

func TestOptions(t *testing.T) {
	o, err := NewOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TVM_TENSORRT_USE_FP16", "1")
	if err := o.FromEnv(); err != nil {
		t.Fatal(err)
	}
	if value, err := o.Get("precision"); value != "float16" {
		t.Error(value, err)
	}
	if err := o.Reset("precision"); err != nil {
		t.Fatal(err)
	}
	if value, err := o.Get("precision"); value != "float32" {
		t.Error(value, err)
	}
	for _, manual := range []func() (string, error){OptionsManual, OptionsManualJSON} {
		if text, err := manual(); !strings.Contains(text, "offload") {
			t.Error(text, err)
		}
	}
	for _, info := range []func(*Options) (string, error){TensorRTInfo, TensorRTInfoJSON} {
		if text, err := info(nil); text == "" {
			t.Error(err)
		}
	}
	if Version() == "" {
		t.Error("no version")
	}
}

func TestCalibrationAndProfile(t *testing.T) {
	p := classifier(t, map[string]string{})
	x, err := NewTensor(DTypeOf[float32](), 2, 3, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	data, _ := Data[float32](x)
	for i := range data {
		data[i] = float32(i%7) - 3
	}
	c, err := p.NewCalibration(nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ranges.json")
	if err := c.Write(path); !errors.Is(err, ErrInvalidArgument) {
		t.Error("written before any run", err)
	}
	if err := c.Add(map[string]*Tensor{"x": x}); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	if table, _ := os.ReadFile(path); !json.Valid(table) {
		t.Error("no table")
	}
	o, _ := NewOptions(map[string]string{"offload": "off"})
	m, _ := LoadModel(folder+"classifier.onnx", nil)
	p, err = m.Partition(nil, o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Build(nil)
	if err != nil {
		t.Fatal(err)
	}
	if b.Engine(0) != nil || b.Engines() != 0 || b.Inputs()[0].Name != "x" {
		t.Error("an engine without TensorRT")
	}
	if _, err := b.RegionState(0); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := b.EngineLayers(0); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	s, err := b.NewSession(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, profile := range []func(map[string]*Tensor, int) (string, error){s.Profile, s.ProfileJSON} {
		if text, err := profile(map[string]*Tensor{"x": x}, 2); text == "" {
			t.Error(err)
		}
	}
	if err := s.Synchronize(); err != nil {
		t.Error(err)
	}
}

func TestTensors(t *testing.T) {
	if _, err := FromSlice([]float32{1, 2, 3}, 2, 2); err == nil {
		t.Error("three values filled four places")
	}
	if _, err := NewTensor(Float16, -1); err == nil {
		t.Error("a negative extent")
	}
	x, err := FromSlice([]bool{true, false})
	if err == nil {
		t.Error("two values filled a scalar")
	}
	x, err = FromSlice([]bool{true, false}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Data[uint8](x); err == nil {
		t.Error("a bool was read as a number")
	}
	x.Close()
	x.Close()
	if empty, err := FromSlice([]float32{}, 0, 4); err != nil || len(empty.Bytes()) != 0 {
		t.Error(err)
	}
}

// What nothing refers to is ended: a callback's handle goes with the last object that holds it.
func TestFinalizers(t *testing.T) {
	gone := make(chan bool)
	func() {
		big := &struct{ data [64]byte }{}
		runtime.SetFinalizer(big, func(any) { close(gone) })
		o, err := NewOptions(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.OnLog(func(LogLevel, string) { big.data[0]++ }); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadModel(folder+"classifier.onnx", o); err != nil {
			t.Fatal(err)
		}
	}()
	for i := 0; i < 100; i++ {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Error("the callback is still held")
}
