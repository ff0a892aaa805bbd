// tvmtrt.hpp, all of it: what goes in comes out, what is owned ends, what fails throws with its code. Run under valgrind and sanitizers too.
#include "tvmtrt.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "../c/model.h"

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                   \
    }                                                                 \
  } while (0)

// The code of the error that `f` throws.
template <class F>
static std::uint32_t code_of(F &&f) {
  try {
    f();
  } catch (const tvmtrt::Error &e) {
    CHECK(e.what()[0] != '\0');
    return e.code();
  }
  return 0;
}

static bool contains(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

static tvmtrt::Model load() { return tvmtrt::Model::from_memory(model, sizeof model); }

static void versions_and_options() {
  const auto v = tvmtrt::version_numbers();
  CHECK(tvmtrt::version() == std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch));
  tvmtrt::Options options{{"threads", "2"}, {"offload", "off"}};
  CHECK(options.get("threads") == "2" && options.get("offload") == "off");
  options.set("threads", "1").reset("offload");
  CHECK(options.get("threads") == "1" && options.get("offload") == "default");
  CHECK(code_of([&] { options.set("thread", "1"); }) == TVMTRT_ERROR_UNKNOWN_OPTION);
  CHECK(code_of([&] { options.set("threads", "many"); }) == TVMTRT_ERROR_BAD_OPTION);
  setenv("TVM_TENSORRT_CACHE_DIR", "/tmp/engines", 1);
  CHECK(options.from_env().get("engine_cache") == "/tmp/engines");
  unsetenv("TVM_TENSORRT_CACHE_DIR");
  CHECK(contains(tvmtrt::Options::keys(), "engine_cache"));
  CHECK(tvmtrt::Options::keys(tvmtrt::Format::Json)[0] == '{' || tvmtrt::Options::keys(tvmtrt::Format::Json)[0] == '[');
  CHECK(contains(tvmtrt::tensorrt_info(tvmtrt::Format::Json, &options), "schema_version"));
  CHECK(!tvmtrt::tensorrt_info().empty());
}

static void values() {
  const auto m = load();
  const auto inputs = m.inputs();
  CHECK(inputs.size() == 2 && inputs[0].name == "a" && inputs[0].dtype_name == "float32");
  CHECK(tvmtrt::same_dtype(inputs[0].dtype, tvmtrt::dtype_of<float>()));
  CHECK((inputs[0].dims == std::vector<std::int64_t>{-1, 3}));
  CHECK((inputs[0].dim_texts == std::vector<std::string>{"N", "3"}) && inputs[0].text == "a: float32[N, 3]");
  CHECK(m.outputs().size() == 2 && m.outputs()[1].name == "sum");
  CHECK(m.metadata().size() == 1 && m.metadata()[0].first == "alphabet" && m.metadata()[0].second == "abc");
  CHECK(code_of([] { tvmtrt::Model("/no/such/file.onnx"); }) == TVMTRT_ERROR_IO);
  CHECK(code_of([] { tvmtrt::Model::from_memory("junk", 4); }) != 0);
}

static void callbacks() {
  tvmtrt::Options options;
  int asked = 0, lines = 0;
  options.set("log_level", "debug").set("tensorrt_version", "10.6");
  options.set_region_filter([&](const std::vector<std::string> &nodes, const std::vector<std::string> &operators) {
    asked++;
    CHECK(nodes.size() == 2 && operators[0] == "add");
    return false;
  });
  options.set_log_callback([&](tvmtrt::Level, const char *) { lines++; });
  options.set_progress_callback([](const char *, const char *, std::size_t, std::size_t) { return true; });
  CHECK(tvmtrt::Partition(load(), {}, &options).region_count() == 0 && asked == 1 && lines > 0);
  options.set_region_filter([](const auto &, const auto &) -> bool { throw 7; });
  CHECK(tvmtrt::Partition(load(), {}, &options).region_count() == 0);
}

static void partitions() {
  tvmtrt::Options options{{"tensorrt_version", "10.6"}};
  const tvmtrt::Partition p(load(), {{"a", {4, 3}}, {"b", {4, -1}, tvmtrt::dtype_of<float>()}}, &options);
  CHECK(p.region_count() == 1 && contains(p.explain(), "add"));
  CHECK(contains(p.explain(tvmtrt::Format::Svg), "<svg") && contains(p.explain(tvmtrt::Format::Dot), "digraph"));
  CHECK(contains(p.explain(tvmtrt::Format::Json), "schema_version") && contains(p.region_json(0), "nodes"));
  CHECK((p.inputs()[1].dims == std::vector<std::int64_t>{4, 3}) && (p.outputs()[0].dims == std::vector<std::int64_t>{4, 3}));
  CHECK(code_of([&] { p.region_json(9); }) == TVMTRT_ERROR_INVALID_ARGUMENT);
  CHECK(code_of([&] { tvmtrt::Partition(load(), {{"z", {1}}}); }) == TVMTRT_ERROR_UNKNOWN_NAME);
  const tvmtrt::Build b(p);
  CHECK(!b.region_state(0).empty() && b.engine_count() == 0 && !b.engine(0));
  CHECK(code_of([&] { b.engine_layers(0); }) == TVMTRT_ERROR_INVALID_ARGUMENT);
}

static void runs() {
  // Every object but the session ends before the run, and copies are handles of one object.
  auto session = [] {
    tvmtrt::Partition first(load()), copy = first;
    tvmtrt::Build build(copy), other(tvmtrt::Partition(load(), {{"a", {1, 3}}}));
    CHECK(build.inputs()[0].name == "a" && build.outputs()[0].name == "y" && other.inputs()[0].dims[0] == 1);
    other = build;
    first = std::move(copy);
    CHECK(other.get() != build.get());
    return tvmtrt::Session(other);
  }();
  std::vector<float> a{1, -5, 3, 4, 5, 6}, b{1, 2, 3, 4, 5, 6}, y(6), sum(6);
  const auto made = session.run({{"b", tvmtrt::TensorView(b, {2, 3})}, {"a", tvmtrt::TensorView(a, {2, 3})}});
  CHECK((made.size() == 2 && made[0].to_vector<float>() == std::vector<float>{2, 0, 6, 8, 10, 12}));
  CHECK((made[1].to_vector<float>() == std::vector<float>{2, -3, 6, 8, 10, 12}));
  CHECK((made[0].shape() == std::vector<std::int64_t>{2, 3}) && made[0].size() == 6 && made[0]);
  CHECK(code_of([&] { made[0].data<int>(); }) == TVMTRT_ERROR_WRONG_DTYPE);

  // By place, into memory of ours, from const memory and from a column-major view.
  const std::vector<float> columns{1, 4, -5, 5, 3, 6};
  const tvmtrt::TensorView strided(const_cast<float *>(columns.data()), tvmtrt::dtype_of<float>(), {2, 3}, {kDLCPU, 0}, {1, 2});
  const std::vector<float> &constant = b;
  session.run_into({strided, tvmtrt::TensorView(constant, {2, 3})}, {{"sum", tvmtrt::TensorView(sum, {2, 3})}, {"y", tvmtrt::TensorView(y, {2, 3})}});
  CHECK(y == made[0].to_vector<float>() && sum == made[1].to_vector<float>());

  // One output, and on as an input, without a copy.
  auto one = session.run({tvmtrt::TensorView(a, {2, 3}), tvmtrt::TensorView(b, {2, 3})}, {"sum"});
  const auto again = session.run({one[0].view(), tvmtrt::TensorView(b, {2, 3})}, {"sum", "y"});
  CHECK(again[0].to_vector<float>()[0] == 3);

  // DLPack out and in.
  DLManagedTensorVersioned *managed = one[0].release();
  CHECK(!one[0] && one[0].dlpack() == nullptr && code_of([&] { one[0].shape(); }) == TVMTRT_ERROR_NULL_POINTER);
  const tvmtrt::Tensor back(managed);
  CHECK(back.to_vector<float>() == sum && back.dlpack()->ndim == 2);

  CHECK(code_of([&] { session.run({tvmtrt::TensorView(a, {2, 3})}); }) != 0);
  CHECK(code_of([&] { tvmtrt::TensorView(a, {2, 4}); }) == TVMTRT_ERROR_WRONG_SHAPE);
  CHECK(contains(session.profile({tvmtrt::TensorView(a, {2, 3}), tvmtrt::TensorView(b, {2, 3})}, 3, tvmtrt::Format::Json), "schema_version"));
  session.synchronize();
  session.set_stream(nullptr);
  const tvmtrt::Session moved = std::move(session);
  CHECK(moved.get() != nullptr);
}

static void strided_results() {
  // A tensor of another library's, column-major: copied in row-major order.
  static float elements[] = {0, 1, 2, 3, 4, 5, 6};
  static std::int64_t shape[] = {2, 3}, strides[] = {1, 2};
  static bool ended = false;
  DLManagedTensorVersioned foreign{};
  foreign.deleter = [](DLManagedTensorVersioned *) { ended = true; };
  foreign.dl_tensor = DLTensor{elements, {kDLCPU, 0}, 2, tvmtrt::dtype_of<float>(), shape, strides, sizeof(float)};
  {
    const tvmtrt::Tensor tensor(&foreign);
    CHECK((tensor.to_vector<float>() == std::vector<float>{1, 3, 5, 2, 4, 6}));
  }
  CHECK(ended);
}

static void artifacts(const char *program) {
  const std::string path = std::string(program) + ".tvmtrt";
  tvmtrt::Build(tvmtrt::Partition(load())).save(path);
  std::vector<float> a{1, -5, 3}, b{1, 2, 3};
  tvmtrt::Session session(tvmtrt::Build::load(path));
  const auto y = session.run({tvmtrt::TensorView(a, {1, 3}), tvmtrt::TensorView(b, {1, 3})}, {"y"});
  CHECK((y[0].to_vector<float>() == std::vector<float>{2, 0, 6}));
  CHECK(code_of([&] { tvmtrt::Build::load("/no/such/file"); }) == TVMTRT_ERROR_IO);
  CHECK(code_of([] { tvmtrt::Build::load_memory("junk", 4); }) == TVMTRT_ERROR_MALFORMED_MODEL);
  CHECK(code_of([&] { tvmtrt::Build::load(path).save("/no/such/folder/file"); }) == TVMTRT_ERROR_IO);
}

static void calibrations() {
  tvmtrt::Calibration calibration{tvmtrt::Partition(load())};
  std::vector<float> a{1, 2, 3}, b{1, 2, 3};
  CHECK(code_of([&] { calibration.write("/tmp/none"); }) == TVMTRT_ERROR_INVALID_ARGUMENT);
  calibration.add({tvmtrt::TensorView(a, {1, 3}), tvmtrt::TensorView(b, {1, 3})});
  CHECK(code_of([&] { calibration.write("/no/such/folder/table"); }) == TVMTRT_ERROR_IO);
  CHECK(calibration.get() != nullptr);
}

int main(int, char **argv) {
  versions_and_options();
  values();
  callbacks();
  partitions();
  runs();
  strided_results();
  calibrations();
  artifacts(argv[0]);
  std::puts("all is well");
}
