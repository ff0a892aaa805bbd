// tvmtrt for C++17: the functions of tvmtrt.h as classes that free what they own and throw what fails. Header only: link libtvmtrt as in C.
//
//   tvmtrt::Model model("resnet18.onnx");
//   tvmtrt::Partition partition(model, {{"input", {1, 3, 224, 224}}});
//   tvmtrt::Build build(partition);
//   tvmtrt::Session session(build);
//   std::vector<float> pixels(3 * 224 * 224);
//   std::vector<tvmtrt::Tensor> outputs = session.run({{"input", tvmtrt::TensorView(pixels, {1, 3, 224, 224})}});
//   std::vector<float> scores = outputs[0].to_vector<float>();
//
// Every function throws tvmtrt::Error where the one of tvmtrt.h returns an error, and std::bad_alloc where memory ends. What tvmtrt.h says
// of threads holds here. Model, Partition and Build are cheap to copy: copies share one object. After a move, an object may only be
// assigned to or destroyed. This file adds nothing to the library and must not hold what C programs would miss.
#ifndef TVMTRT_HPP
#define TVMTRT_HPP

#include "tvmtrt.h"
#include "tvmtrt_tensor.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tvmtrt {

/// Forms of accounts: for people, or JSON for programs; of `Partition::explain` also for graphviz, or a picture.
enum class Format : std::uint32_t { Text = TVMTRT_FORMAT_TEXT, Json = TVMTRT_FORMAT_JSON, Dot = TVMTRT_FORMAT_DOT, Svg = TVMTRT_FORMAT_SVG };

/// How grave a log line is.
enum class Level : std::uint32_t { Error = TVMTRT_LOG_ERROR, Warning = TVMTRT_LOG_WARNING, Info = TVMTRT_LOG_INFO, Debug = TVMTRT_LOG_DEBUG };

namespace detail {

/// Ends an object by its own function.
template <auto Delete>
struct Deleter {
  template <class T>
  void operator()(T *object) const noexcept {
    Delete(object);
  }
};
template <class T, auto Delete>
using Handle = std::unique_ptr<T, Deleter<Delete>>;

/// Throws where there is an error.
inline void check(tvmtrt_error_t *error) {
  if (error == nullptr) return;
  Handle<tvmtrt_error_t, tvmtrt_error_delete> owned(error);
  throw Error(tvmtrt_error_code(error), tvmtrt_error_message(error));
}

/// What `call` gives through its out-parameter.
template <class T, auto Delete, class Call>
Handle<T, Delete> made(Call &&call) {
  T *out = nullptr;
  check(call(&out));
  return Handle<T, Delete>(out);
}

/// The text that `call` gives.
template <class Call>
std::string text(Call &&call) {
  auto owned = made<tvmtrt_text_t, tvmtrt_text_delete>(std::forward<Call>(call));
  return std::string(tvmtrt_text_data(owned.get()), tvmtrt_text_size(owned.get()));
}

/// A text that may be NULL.
inline std::string string(const char *text) { return text == nullptr ? std::string() : std::string(text); }

}  // namespace detail

/// The version of the library that is loaded, such as "0.1.0".
inline std::string version() { return tvmtrt_version(); }

/// A version in numbers.
struct Version {
  std::uint32_t major, minor, patch;
};

/// The version of the library that is loaded, in numbers.
inline Version version_numbers() { return {tvmtrt_version_major(), tvmtrt_version_minor(), tvmtrt_version_patch()}; }

/// An input or output of a model, a partition or a build.
struct Value {
  /// The name, as the model has it.
  std::string name;
  /// The element type.
  DLDataType dtype;
  /// The element type's name, as numpy has it.
  std::string dtype_name;
  /// The extents; -1 where one is not fixed.
  std::vector<std::int64_t> dims;
  /// The extents as text: numbers, symbols, expressions.
  std::vector<std::string> dim_texts;
  /// All of it in one line.
  std::string text;

  /// Copies what the library lends.
  static Value of(const tvmtrt_value_t *v) {
    const std::size_t rank = tvmtrt_value_rank(v);
    const std::int64_t *dims = tvmtrt_value_dims(v);
    Value out{detail::string(tvmtrt_value_name(v)),
              tvmtrt_value_dtype(v),
              detail::string(tvmtrt_value_dtype_name(v)),
              std::vector<std::int64_t>(dims, dims + rank),
              {},
              detail::string(tvmtrt_value_text(v))};
    for (std::size_t axis = 0; axis < rank; axis++) out.dim_texts.push_back(detail::string(tvmtrt_value_dim_text(v, axis)));
    return out;
  }

  /// All values that `at` gives for `count` places.
  template <class T>
  static std::vector<Value> list(const T *owner, std::size_t (*count)(const T *), const tvmtrt_value_t *(*at)(const T *, std::size_t)) {
    std::vector<Value> out;
    for (std::size_t i = 0; i < count(owner); i++) out.push_back(of(at(owner, i)));
    return out;
  }
};

/// Settings: key and value, both text. `Options options; options.set("precision", "float16");`
class Options {
 public:
  /// All defaults.
  Options() : handle_(tvmtrt_options_new()) {}
  /// These keys and values.
  Options(std::initializer_list<std::pair<const char *, const char *>> pairs) : Options() {
    for (const auto &[key, value] : pairs) set(key, value);
  }

  /// The manual of all options.
  static std::string keys(Format format = Format::Text) {
    return detail::text([&](tvmtrt_text_t **out) { return tvmtrt_options_keys(static_cast<std::uint32_t>(format), out); });
  }

  /// Sets one option.
  Options &set(const std::string &key, const std::string &value) {
    detail::check(tvmtrt_options_set(get(), key.c_str(), value.c_str()));
    return *this;
  }
  /// Goes back to the default.
  Options &reset(const std::string &key) {
    detail::check(tvmtrt_options_set(get(), key.c_str(), nullptr));
    return *this;
  }
  /// The value of one option, or its default.
  std::string get(const std::string &key) const {
    return detail::text([&](tvmtrt_text_t **out) { return tvmtrt_options_get(handle_.get(), key.c_str(), out); });
  }
  /// Sets options from the environment variables of TVM and MXNet.
  Options &from_env() {
    detail::check(tvmtrt_options_from_env(get()));
    return *this;
  }

  /// A say on each region: its nodes' names and their operators; false keeps it off TensorRT. Where it throws, that counts as false.
  using RegionFilter = std::function<bool(const std::vector<std::string> &nodes, const std::vector<std::string> &operators)>;
  /// Takes a log line, on any thread. What it throws is lost.
  using LogCallback = std::function<void(Level level, const char *message)>;
  /// Hears how the engine of a region comes along; false stops it. Where it throws, that counts as false.
  using ProgressCallback = std::function<bool(const char *region, const char *phase, std::size_t done, std::size_t total)>;

  /// Asks `filter` about each region.
  Options &set_region_filter(RegionFilter filter) {
    std::function<std::int32_t(const char *const *, const char *const *, std::size_t)> call =
        [filter = std::move(filter)](auto nodes, auto operators, auto n) { return filter({nodes, nodes + n}, {operators, operators + n}); };
    return give(tvmtrt_options_set_region_filter, std::move(call));
  }
  /// Sends log lines to `callback`.
  Options &set_log_callback(LogCallback callback) {
    std::function<void(std::uint32_t, const char *)> call = [callback = std::move(callback)](std::uint32_t level, const char *message) {
      callback(static_cast<Level>(level), message);
    };
    return give(tvmtrt_options_set_log_callback, std::move(call));
  }
  /// Tells `callback` how builds come along.
  Options &set_progress_callback(ProgressCallback callback) {
    std::function<std::int32_t(const char *, const char *, std::size_t, std::size_t)> call = std::move(callback);
    return give(tvmtrt_options_set_progress_callback, std::move(call));
  }

  /// The C object.
  tvmtrt_options_t *get() const noexcept { return handle_.get(); }

 private:
  /// Gives a function to the library, which ends it. No exception of the function's crosses the library.
  template <class Set, class R, class... A>
  Options &give(Set setter, std::function<R(A...)> function) {
    using F = std::function<R(A...)>;
    auto owned = std::make_unique<F>(std::move(function));
    R (*const call)(void *, A...) = [](void *user, A... arguments) -> R {
      try {
        return (*static_cast<F *>(user))(arguments...);
      } catch (...) {
        return R();
      }
    };
    detail::check(setter(get(), call, owned.get(), [](void *user) { delete static_cast<F *>(user); }));
    owned.release();  // the library's from here on
    return *this;
  }

  detail::Handle<tvmtrt_options_t, tvmtrt_options_delete> handle_;
};

namespace detail {

inline const tvmtrt_options_t *get(const Options *options) noexcept { return options == nullptr ? nullptr : options->get(); }

/// A counted object: a copy is another handle of it.
template <class T, auto Clone, auto Delete>
class Shared {
 public:
  Shared(const Shared &other) noexcept : handle_(Clone(other.get())) {}
  Shared(Shared &&) noexcept = default;
  Shared &operator=(const Shared &other) noexcept {
    handle_.reset(Clone(other.get()));
    return *this;
  }
  Shared &operator=(Shared &&) noexcept = default;
  ~Shared() = default;

  /// The C object.
  T *get() const noexcept { return handle_.get(); }

 protected:
  using Owned = Handle<T, Delete>;
  explicit Shared(Owned handle) noexcept : handle_(std::move(handle)) {}

 private:
  Owned handle_;
};

}  // namespace detail

/// A loaded model.
class Model : public detail::Shared<tvmtrt_model_t, tvmtrt_model_clone, tvmtrt_model_delete> {
 public:
  /// Loads a model from a file.
  explicit Model(const std::string &path, const Options *options = nullptr)
      : Shared(detail::made<tvmtrt_model_t, tvmtrt_model_delete>(
            [&](tvmtrt_model_t **out) { return tvmtrt_model_load(path.c_str(), detail::get(options), out); })) {}

  /// Loads a model from memory, which is copied. `folder` is where tensors lie that the model keeps in files of their own.
  static Model from_memory(const void *data, std::size_t size, const char *folder = nullptr, const Options *options = nullptr) {
    return Model(detail::made<tvmtrt_model_t, tvmtrt_model_delete>(
        [&](tvmtrt_model_t **out) { return tvmtrt_model_load_memory(data, size, folder, detail::get(options), out); }));
  }

  /// The inputs, in order.
  std::vector<Value> inputs() const { return Value::list<tvmtrt_model_t>(get(), tvmtrt_model_input_count, tvmtrt_model_input); }
  /// The outputs, in order.
  std::vector<Value> outputs() const { return Value::list<tvmtrt_model_t>(get(), tvmtrt_model_output_count, tvmtrt_model_output); }
  /// Keys and values of the file's metadata.
  std::vector<std::pair<std::string, std::string>> metadata() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (std::size_t i = 0; i < tvmtrt_model_metadata_count(get()); i++) {
      const char *key = tvmtrt_model_metadata_key(get(), i);
      out.emplace_back(key, detail::string(tvmtrt_model_metadata(get(), key)));
    }
    return out;
  }

 private:
  explicit Model(Owned handle) noexcept : Shared(std::move(handle)) {}
};

/// The shape of one input, by name; -1 leaves an extent as the model has it.
struct Shape {
  /// The input's name.
  std::string name;
  /// Its extents.
  std::vector<std::int64_t> dims;
  /// Its element type, to be checked against the model's; all zero: not checked.
  DLDataType dtype{0, 0, 0};
};

/// A model split between TensorRT and our own kernels.
class Partition : public detail::Shared<tvmtrt_partition_t, tvmtrt_partition_clone, tvmtrt_partition_delete> {
 public:
  /// Splits a model for given shapes; inputs that are not named stay as the model has them.
  explicit Partition(const Model &model, const std::vector<Shape> &shapes = {}, const Options *options = nullptr)
      : Shared(detail::made<tvmtrt_partition_t, tvmtrt_partition_delete>([&](tvmtrt_partition_t **out) {
          std::vector<tvmtrt_shape_t> list;
          for (const Shape &s : shapes) list.push_back({s.name.c_str(), s.dims.data(), s.dims.size(), s.dtype});
          return tvmtrt_partition(model.get(), list.data(), list.size(), detail::get(options), out);
        })) {}

  /// For each node where it went and why.
  std::string explain(Format format = Format::Text) const {
    return detail::text([&](tvmtrt_text_t **out) { return tvmtrt_partition_explain(get(), static_cast<std::uint32_t>(format), out); });
  }
  /// The number of regions that are meant for TensorRT.
  std::size_t region_count() const noexcept { return tvmtrt_partition_region_count(get()); }
  /// The graph of a region, in the layout of TVM's JSON runtime.
  std::string region_json(std::size_t region) const {
    return detail::text([&](tvmtrt_text_t **out) { return tvmtrt_partition_region_json(get(), region, out); });
  }
  /// The inputs, with the shapes that were fixed.
  std::vector<Value> inputs() const { return Value::list<tvmtrt_partition_t>(get(), tvmtrt_partition_input_count, tvmtrt_partition_input); }
  /// The outputs, with the shapes that follow.
  std::vector<Value> outputs() const {
    return Value::list<tvmtrt_partition_t>(get(), tvmtrt_partition_output_count, tvmtrt_partition_output);
  }
};

/// A partition made ready to run.
class Build : public detail::Shared<tvmtrt_build_t, tvmtrt_build_clone, tvmtrt_build_delete> {
 public:
  /// Builds an engine or kernels for each region.
  explicit Build(const Partition &partition, const Options *options = nullptr)
      : Shared(detail::made<tvmtrt_build_t, tvmtrt_build_delete>(
            [&](tvmtrt_build_t **out) { return tvmtrt_build(partition.get(), detail::get(options), out); })) {}

  /// Loads a build that `save` wrote, here or on another machine.
  static Build load(const std::string &path, const Options *options = nullptr) {
    return Build(detail::made<tvmtrt_build_t, tvmtrt_build_delete>(
        [&](tvmtrt_build_t **out) { return tvmtrt_build_load(path.c_str(), detail::get(options), out); }));
  }
  /// The same from memory, which must outlive the build and all that is made from it.
  static Build load_memory(const void *data, std::size_t size, const Options *options = nullptr) {
    return Build(detail::made<tvmtrt_build_t, tvmtrt_build_delete>(
        [&](tvmtrt_build_t **out) { return tvmtrt_build_load_memory(data, size, detail::get(options), out); }));
  }
  /// Saves the build as one file; where `path` ends in .so, as a shared object.
  void save(const std::string &path, const Options *options = nullptr) const {
    detail::check(tvmtrt_build_save(get(), path.c_str(), detail::get(options)));
  }

  /// Where a region runs and why, in one line.
  std::string region_state(std::size_t region) const {
    return detail::text([&](tvmtrt_text_t **out) { return tvmtrt_build_region_state(get(), region, out); });
  }
  /// The number of regions that have an engine by now.
  std::size_t engine_count() const noexcept { return tvmtrt_build_engine_count(get()); }
  /// The serialised engine of a region, a copy; none where it has no engine.
  std::optional<std::vector<unsigned char>> engine(std::size_t region) const {
    const auto *data = static_cast<const unsigned char *>(tvmtrt_build_engine_data(get(), region));
    if (data == nullptr) return std::nullopt;
    return std::vector<unsigned char>(data, data + tvmtrt_build_engine_size(get(), region));
  }
  /// TensorRT's own account of a region's engine, as JSON.
  std::string engine_layers(std::size_t region) const {
    return detail::text([&](tvmtrt_text_t **out) { return tvmtrt_build_engine_layers(get(), region, out); });
  }
  /// The inputs of a run.
  std::vector<Value> inputs() const { return Value::list<tvmtrt_build_t>(get(), tvmtrt_build_input_count, tvmtrt_build_input); }
  /// The outputs of a run.
  std::vector<Value> outputs() const { return Value::list<tvmtrt_build_t>(get(), tvmtrt_build_output_count, tvmtrt_build_output); }

 private:
  explicit Build(Owned handle) noexcept : Shared(std::move(handle)) {}
};

/// One input or output of a run: by name, or without a name by its place.
struct Argument {
  /// By its place.
  Argument(TensorView elements) : tensor(std::move(elements)) {}
  /// By its name.
  Argument(std::string its_name, TensorView elements) : name(std::move(its_name)), tensor(std::move(elements)) {}

  /// The name; empty: by its place.
  std::string name;
  /// The elements.
  TensorView tensor;
};

namespace detail {

/// The C form of arguments, which points into them.
inline std::vector<tvmtrt_argument_t> arguments(const std::vector<Argument> &list) {
  std::vector<tvmtrt_argument_t> out;
  for (const Argument &a : list) out.push_back({a.name.empty() ? nullptr : a.name.c_str(), a.tensor.dlpack(), nullptr});
  return out;
}

}  // namespace detail

/// What one thread at a time needs to run a build.
class Session {
 public:
  /// Makes a session.
  explicit Session(const Build &build, const Options *options = nullptr)
      : handle_(detail::made<tvmtrt_session_t, tvmtrt_session_delete>(
            [&](tvmtrt_session_t **out) { return tvmtrt_session_new(build.get(), detail::get(options), out); })),
        output_count_(tvmtrt_build_output_count(build.get())) {}

  /// All outputs, in order, in memory of the library's.
  std::vector<Tensor> run(const std::vector<Argument> &inputs) { return run(inputs, std::vector<std::string>(output_count_)); }
  /// The outputs of these names (an empty name: the one at its place), in memory of the library's.
  std::vector<Tensor> run(const std::vector<Argument> &inputs, const std::vector<std::string> &outputs) {
    std::vector<DLManagedTensorVersioned *> made(outputs.size(), nullptr);
    std::vector<tvmtrt_argument_t> wanted;
    std::vector<Tensor> out;
    out.reserve(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); i++)
      wanted.push_back({outputs[i].empty() ? nullptr : outputs[i].c_str(), nullptr, &made[i]});
    call(inputs, wanted);
    for (DLManagedTensorVersioned *tensor : made) out.emplace_back(tensor);
    return out;
  }
  /// Into memory of the caller's.
  void run_into(const std::vector<Argument> &inputs, const std::vector<Argument> &outputs) { call(inputs, detail::arguments(outputs)); }

  /// Where the time of `runs` runs goes.
  std::string profile(const std::vector<Argument> &inputs, std::size_t runs, Format format = Format::Text) {
    const auto list = detail::arguments(inputs);
    return detail::text([&](tvmtrt_text_t **out) {
      return tvmtrt_session_profile(get(), list.data(), list.size(), runs, static_cast<std::uint32_t>(format), out);
    });
  }
  /// From now on work on a GPU is queued on this `cudaStream_t`.
  void set_stream(void *stream) { detail::check(tvmtrt_session_set_stream(get(), stream)); }
  /// Waits until all work that was queued is done.
  void synchronize() { detail::check(tvmtrt_session_synchronize(get())); }

  /// The C object.
  tvmtrt_session_t *get() const noexcept { return handle_.get(); }

 private:
  void call(const std::vector<Argument> &inputs, const std::vector<tvmtrt_argument_t> &outputs) {
    const auto list = detail::arguments(inputs);
    detail::check(tvmtrt_run(get(), list.data(), list.size(), outputs.data(), outputs.size()));
  }

  detail::Handle<tvmtrt_session_t, tvmtrt_session_delete> handle_;
  std::size_t output_count_;
};

/// A calibration under way: makes the table of ranges that engines in int8 are built with.
class Calibration {
 public:
  /// Begins one.
  explicit Calibration(const Partition &partition, const Options *options = nullptr)
      : handle_(detail::made<tvmtrt_calibration_t, tvmtrt_calibration_delete>(
            [&](tvmtrt_calibration_t **out) { return tvmtrt_calibration_new(partition.get(), detail::get(options), out); })) {}

  /// Runs once on data like those that the engine will see.
  void add(const std::vector<Argument> &inputs) {
    const auto list = detail::arguments(inputs);
    detail::check(tvmtrt_calibration_add(get(), list.data(), list.size()));
  }
  /// Writes the table to a file.
  void write(const std::string &path) const { detail::check(tvmtrt_calibration_write(get(), path.c_str())); }

  /// The C object.
  tvmtrt_calibration_t *get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<tvmtrt_calibration_t, tvmtrt_calibration_delete> handle_;
};

/// Which TensorRT library is used, and each place that was tried.
inline std::string tensorrt_info(Format format = Format::Text, const Options *options = nullptr) {
  return detail::text(
      [&](tvmtrt_text_t **out) { return tvmtrt_tensorrt_info(detail::get(options), static_cast<std::uint32_t>(format), out); });
}

}  // namespace tvmtrt

#endif  // TVMTRT_HPP
