package tvmtrt

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Functions of tvmtrt.h that are not called from Go, and why.
var notCalled = map[string]string{
	"tvmtrt_version_major":   "tvmtrt_version says it",
	"tvmtrt_version_minor":   "tvmtrt_version says it",
	"tvmtrt_version_patch":   "tvmtrt_version says it",
	"tvmtrt_model_clone":     "pointers are shared",
	"tvmtrt_partition_clone": "pointers are shared",
	"tvmtrt_build_clone":     "pointers are shared",
}

// Every function and constant of the header is used; the compiler has checked how.
func TestHeaderIsCovered(t *testing.T) {
	header, err := os.ReadFile("../../include/tvmtrt.h")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range []string{"tvmtrt.go", "options.go", "model.go", "build.go", "tensor.go", "session.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	found := 0
	for _, m := range regexp.MustCompile(`(?m)^[a-zA-Z].*\b(tvmtrt_\w+)\(|^#define (TVMTRT_(?:ERROR|LOG|FORMAT)_\w+)`).FindAllStringSubmatch(string(header), -1) {
		name := m[1] + m[2]
		found++
		used := regexp.MustCompile(`\b` + name + `\b`).MatchString(code.String())
		if _, listed := notCalled[name]; used == listed {
			t.Errorf("%s: used: %v, in the list of what is not: %v", name, used, listed)
		}
	}
	if found < 100 {
		t.Errorf("only %d names in the header", found)
	}
}
