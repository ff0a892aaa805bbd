package tvmtrt

// The scenario that every client runs: tests/clients/scenario.json says what the steps are.

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

const folder = "../../tests/clients/"

type run struct {
	Batch  int64
	Scores []float64
	Best   []int64
}

type scenario struct {
	Model string
	Input struct {
		Name, DType, Extent string
		Dims                []int64
	}
	Outputs   []string
	Labels    string
	Tolerance struct{ RTol, ATol float64 }
	Options   map[string]string
	Errors    map[string]struct {
		Key, Value, Path, Name, Names string
		Code                          Code
		Dims                          []int64
	}
	Explain struct {
		SchemaVersion int `json:"schema_version"`
		Graph         string
	}
	Log struct {
		LogLevel string `json:"log_level"`
		Level    LogLevel
		Names    string
	}
	Runs []run
}

type tester struct {
	*testing.T
	s scenario
}

func (t tester) must(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (t tester) fails(which string, err error) {
	t.Helper()
	wanted := t.s.Errors[which]
	if !errors.Is(err, wanted.Code) || !strings.Contains(err.Error(), wanted.Names) {
		t.Fatalf("%s: wanted error %d with %q, got %v", which, wanted.Code, wanted.Names, err)
	}
}

func (t tester) picture(batch int64) *Tensor {
	const size = 3 * 16 * 16
	values := make([]float32, batch*size)
	for i := range values {
		values[i] = float32(float64((i%size)*(37+11*(i/size))%97)/48 - 1)
	}
	x, err := FromSlice(values, batch, 3, 16, 16)
	t.must(err)
	return x
}

func (t tester) options() *Options {
	o, err := NewOptions(t.s.Options)
	t.must(err)
	return o
}

func (t tester) model() *Model {
	m, err := LoadModel(folder+t.s.Model, nil)
	t.must(err)
	return m
}

func (t tester) partition() *Partition {
	p, err := t.model().Partition(map[string][]int64{t.s.Input.Name: t.s.Input.Dims}, t.options())
	t.must(err)
	return p
}

func (t tester) session() *Session {
	p := t.partition()
	defer p.Close()
	b, err := p.Build(t.options())
	t.must(err)
	defer b.Close()
	s, err := b.NewSession(t.options())
	t.must(err)
	return s
}

// check compares and closes what a run has given; any goroutine may call it.
func (t tester) check(outputs map[string]*Tensor, want run) {
	t.Helper()
	scores, err := Data[float32](outputs["scores"])
	best, err2 := Data[int64](outputs["best"])
	if err != nil || err2 != nil || len(scores) != len(want.Scores) {
		t.Errorf("%d scores: %v, %v", len(scores), err, err2)
		return
	}
	if !reflect.DeepEqual(best, want.Best) || !reflect.DeepEqual(outputs["scores"].Shape(), []int64{want.Batch, 10}) {
		t.Errorf("best %v, wanted %v", best, want.Best)
	}
	for i, w := range want.Scores {
		if off := math.Abs(float64(scores[i]) - w); !(off <= t.s.Tolerance.ATol+t.s.Tolerance.RTol*math.Abs(w)) {
			t.Errorf("score %d is %v, wanted %v", i, scores[i], w)
		}
	}
	for _, o := range outputs {
		o.Close()
	}
}

func (t tester) input(x *Tensor) map[string]*Tensor { return map[string]*Tensor{t.s.Input.Name: x} }

var steps = []struct {
	name string
	do   func(tester)
}{
	{"options", stepOptions}, {"load", stepLoad}, {"log", stepLog}, {"partition", stepPartition}, {"explain", stepExplain},
	{"build", func(t tester) { t.session().Close() }}, {"run", stepRun}, {"batch", stepBatch}, {"shape", stepShape},
	{"threads", stepThreads}, {"artifact", stepArtifact}, {"progress", stepProgress},
}

func TestScenario(t *testing.T) {
	text, err := os.ReadFile(folder + "scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	var s scenario
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		skipped := false
		passed := t.Run(step.name, func(t *testing.T) {
			defer func() { skipped = t.Skipped() }()
			step.do(tester{t, s})
		})
		if passed && !skipped {
			fmt.Println("step " + step.name)
		}
	}
}

func stepOptions(t tester) {
	o := t.options()
	defer o.Close()
	for key, value := range t.s.Options {
		got, err := o.Get(key)
		t.must(err)
		if got != value {
			t.Errorf("%s is %q, wanted %q", key, got, value)
		}
	}
	for _, which := range []string{"option_key", "option_value"} {
		t.fails(which, o.Set(t.s.Errors[which].Key, t.s.Errors[which].Value))
	}
}

func stepLoad(t tester) {
	data, err := os.ReadFile(folder + t.s.Model)
	t.must(err)
	second, err := LoadModelBytes(data, "", nil)
	t.must(err)
	for _, m := range []*Model{t.model(), second} {
		x := m.Inputs()[0]
		if x.Name != t.s.Input.Name || x.DType != DTypeOf[float32]() || x.DType.Name != t.s.Input.DType || x.Extents[0] != t.s.Input.Extent {
			t.Errorf("input %+v", x)
		}
		if !reflect.DeepEqual(x.Dims, t.s.Input.Dims) || m.Metadata()["labels"] != t.s.Labels {
			t.Errorf("dims %v, metadata %v", x.Dims, m.Metadata())
		}
		for i, o := range m.Outputs() {
			if o.Name != t.s.Outputs[i] {
				t.Errorf("output %q, wanted %q", o.Name, t.s.Outputs[i])
			}
		}
		m.Close()
	}
	_, err = LoadModel(t.s.Errors["file"].Path, nil)
	t.fails("file", err)
}

func stepLog(t tester) {
	o, err := NewOptions(map[string]string{"log_level": t.s.Log.LogLevel})
	t.must(err)
	heard := false
	t.must(o.OnLog(func(level LogLevel, message string) {
		heard = heard || level == t.s.Log.Level && strings.Contains(message, t.s.Log.Names)
	}))
	m, err := LoadModel(folder+t.s.Model, o)
	t.must(err)
	o.Close()
	m.Close()
	if !heard {
		t.Error("no such line was logged")
	}
}

func stepPartition(t tester) {
	if dims := t.partition().Inputs()[0].Dims; !reflect.DeepEqual(dims, t.s.Input.Dims) {
		t.Errorf("dims %v", dims)
	}
	for _, which := range []string{"input_name", "partition_shape"} {
		_, err := t.model().Partition(map[string][]int64{t.s.Errors[which].Name: t.s.Errors[which].Dims}, nil)
		t.fails(which, err)
	}
}

func stepExplain(t tester) {
	p := t.partition()
	account, err := p.ExplainJSON()
	t.must(err)
	found := t.s.Explain
	found.SchemaVersion, found.Graph = 0, ""
	t.must(json.Unmarshal([]byte(account), &found))
	words, err := p.Explain()
	t.must(err)
	if found != t.s.Explain || !strings.Contains(words, found.Graph) {
		t.Errorf("%+v, wanted %+v", found, t.s.Explain)
	}
}

func stepRun(t tester) {
	s := t.session()
	defer s.Close()
	scores, err := NewTensor(DTypeOf[float32](), 1, 10)
	t.must(err)
	x := t.picture(1)
	defer x.Close()
	outputs, err := s.Run(t.input(x), map[string]*Tensor{"scores": scores})
	t.must(err)
	if outputs["scores"] != scores {
		t.Error("the caller's tensor was not used")
	}
	t.check(outputs, t.s.Runs[0])
}

func stepBatch(t tester) {
	s := t.session()
	for _, want := range t.s.Runs {
		x := t.picture(want.Batch)
		outputs, err := s.Run(t.input(x), nil)
		t.must(err)
		x.Close()
		if want.Batch == 3 {
			s.Close()
		}
		t.check(outputs, want)
	}
}

func stepShape(t tester) {
	s := t.session()
	defer s.Close()
	wrong, err := NewTensor(DTypeOf[float32](), t.s.Errors["run_shape"].Dims...)
	t.must(err)
	_, err = s.Run(t.input(wrong), nil)
	t.fails("run_shape", err)
	outputs, err := s.Run(t.input(t.picture(1)), nil)
	t.must(err)
	t.check(outputs, t.s.Runs[0])
}

func stepThreads(t tester) {
	b, err := t.partition().Build(t.options())
	t.must(err)
	var all sync.WaitGroup
	for _, want := range t.s.Runs {
		all.Add(1)
		go func(want run, x *Tensor) {
			defer all.Done()
			defer x.Close()
			s, err := b.NewSession(nil)
			for i := 0; i < 20 && err == nil; i++ {
				var outputs map[string]*Tensor
				if outputs, err = s.Run(t.input(x), nil); err == nil {
					t.check(outputs, want)
				}
			}
			if err != nil {
				t.Error(err)
			}
		}(want, t.picture(want.Batch))
	}
	all.Wait()
}

func stepArtifact(t tester) {
	build, err := t.partition().Build(t.options())
	t.must(err)
	path := filepath.Join(t.TempDir(), "classifier.tvmtrt")
	t.must(build.Save(path, nil))
	t.fails("save", build.Save(t.s.Errors["save"].Path, nil))
	_, err = LoadBuild(folder+t.s.Model, nil)
	t.fails("no_artifact", err)
	first, err := LoadBuild(path, nil)
	t.must(err)
	data, err := os.ReadFile(path)
	t.must(err)
	second, err := LoadBuildBytes(data, nil)
	t.must(err)
	for _, b := range []*Build{first, second} {
		s, err := b.NewSession(t.options())
		t.must(err)
		b.Close()
		for _, want := range t.s.Runs {
			outputs, err := s.Run(t.input(t.picture(want.Batch)), nil)
			t.must(err)
			t.check(outputs, want)
		}
		s.Close()
	}
}

func stepProgress(t tester) {
	if !strings.Contains(os.Getenv("TVMTRT_TENSORRT_LIBRARY"), "rtx") {
		t.Skip("TVMTRT_TENSORRT_LIBRARY names no TensorRT for RTX")
	}
	o := t.options()
	t.must(o.Set("target_sm", "8.6"))
	t.must(o.Set("log_level", "off"))
	var mutex sync.Mutex
	heard := 0
	t.must(o.OnProgress(func(region, phase string, done, total int) bool {
		mutex.Lock()
		defer mutex.Unlock()
		if region != "" && phase != "" {
			heard++
		}
		return true
	}))
	b, err := t.partition().Build(o)
	t.must(err)
	if heard == 0 || b.Engines() == 0 || len(b.Engine(0)) == 0 {
		t.Errorf("heard %d times of %d engines", heard, b.Engines())
	}
	t.must(o.OnProgress(func(string, string, int, int) bool { return false }))
	_, err = t.partition().Build(o)
	t.fails("cancelled", err)
}
