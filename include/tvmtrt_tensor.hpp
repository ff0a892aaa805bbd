// Tensors for C++17: memory of the caller's as a view, tensors of any library as owners, both as DLPack; and what is thrown. tvmtrt.hpp
// includes it and is what programs include. It calls nothing of the library.
#ifndef TVMTRT_TENSOR_HPP
#define TVMTRT_TENSOR_HPP

#include "tvmtrt.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tvmtrt {

/// A failure: `code()` is one of TVMTRT_ERROR_..., `what()` is for people.
class Error : public std::runtime_error {
 public:
  Error(std::uint32_t code, const std::string &message) : std::runtime_error(message), code_(code) {}
  /// One of TVMTRT_ERROR_...
  std::uint32_t code() const noexcept { return code_; }

 private:
  std::uint32_t code_;
};

/// DLPack's element type of a C++ type.
template <class T>
constexpr DLDataType dtype_of() {
  static_assert(std::is_arithmetic_v<T>, "numbers and bool have element types; give others to TensorView by hand");
  if constexpr (std::is_same_v<T, bool>) {
    return DLDataType{kDLBool, 8, 1};
  } else if constexpr (std::is_floating_point_v<T>) {
    return DLDataType{kDLFloat, sizeof(T) * 8, 1};
  } else if constexpr (std::is_signed_v<T>) {
    return DLDataType{kDLInt, sizeof(T) * 8, 1};
  } else {
    return DLDataType{kDLUInt, sizeof(T) * 8, 1};
  }
}

/// Whether two element types are one.
inline bool same_dtype(DLDataType a, DLDataType b) { return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes; }

/// Memory of somebody else, seen as a tensor: the memory must outlive the view. Copying it copies no elements.
class TensorView {
 public:
  /// Dense elements at `data`, in host memory unless `device` says otherwise.
  template <class T>
  TensorView(T *data, std::vector<std::int64_t> shape, DLDevice device = {kDLCPU, 0})
      : TensorView(const_cast<std::remove_const_t<T> *>(data), dtype_of<std::remove_const_t<T>>(), std::move(shape), device) {}

  /// The elements of a vector; its size must be the shape's.
  template <class T, class A>
  TensorView(std::vector<T, A> &elements, std::vector<std::int64_t> shape) : TensorView(elements.data(), std::move(shape)) {
    fits(elements.size());
  }
  /// The elements of a vector that is only read.
  template <class T, class A>
  TensorView(const std::vector<T, A> &elements, std::vector<std::int64_t> shape) : TensorView(elements.data(), std::move(shape)) {
    fits(elements.size());
  }

  /// Elements of any type, such as float16. `strides` are distances in elements; none: dense.
  TensorView(void *data, DLDataType dtype, std::vector<std::int64_t> shape, DLDevice device = {kDLCPU, 0},
             std::vector<std::int64_t> strides = {}, std::uint64_t byte_offset = 0)
      : shape_(std::move(shape)), strides_(std::move(strides)) {
    tensor_ = DLTensor{data, device, 0, dtype, nullptr, nullptr, byte_offset};
  }

  /// What another library gave as DLPack.
  explicit TensorView(const DLTensor &tensor)
      : TensorView(tensor.data, tensor.dtype, std::vector<std::int64_t>(tensor.shape, tensor.shape + tensor.ndim), tensor.device,
                   tensor.strides == nullptr ? std::vector<std::int64_t>()
                                             : std::vector<std::int64_t>(tensor.strides, tensor.strides + tensor.ndim),
                   tensor.byte_offset) {}

  /// The extents.
  const std::vector<std::int64_t> &shape() const noexcept { return shape_; }
  /// The element type.
  DLDataType dtype() const noexcept { return tensor_.dtype; }
  /// The number of elements.
  std::size_t size() const noexcept {
    std::size_t n = 1;
    for (std::int64_t d : shape_) n *= static_cast<std::size_t>(d);
    return n;
  }

  /// DLPack's form of it, which lives as long as this view and points into it.
  const DLTensor *dlpack() const noexcept {
    tensor_.ndim = static_cast<std::int32_t>(shape_.size());
    tensor_.shape = const_cast<std::int64_t *>(shape_.data());
    tensor_.strides = strides_.empty() ? nullptr : const_cast<std::int64_t *>(strides_.data());
    return &tensor_;
  }

 private:
  void fits(std::size_t elements) const {
    if (elements == size()) return;
    throw Error(TVMTRT_ERROR_WRONG_SHAPE,
                "the vector has " + std::to_string(elements) + " elements, its shape has " + std::to_string(size()));
  }

  std::vector<std::int64_t> shape_, strides_;
  mutable DLTensor tensor_;  // its pointers are set where it is handed out, so that copies are right
};

/// A tensor that the library or another owner made, ended with its own deleter.
class Tensor {
 public:
  /// None.
  Tensor() = default;
  /// Takes over a DLPack tensor of any library.
  explicit Tensor(DLManagedTensorVersioned *managed) noexcept : managed_(managed) {}

  /// DLPack's form; nullptr where there is none.
  const DLTensor *dlpack() const noexcept { return managed_ ? &managed_->dl_tensor : nullptr; }
  /// Gives the tensor away, as DLPack: who takes it calls its deleter.
  DLManagedTensorVersioned *release() noexcept { return managed_.release(); }
  /// Whether there is a tensor.
  explicit operator bool() const noexcept { return managed_ != nullptr; }

  /// The extents.
  std::vector<std::int64_t> shape() const { return {get().shape, get().shape + get().ndim}; }
  /// The element type.
  DLDataType dtype() const { return get().dtype; }
  /// The number of elements.
  std::size_t size() const {
    std::size_t n = 1;
    for (std::int32_t i = 0; i < get().ndim; i++) n *= static_cast<std::size_t>(get().shape[i]);
    return n;
  }
  /// The elements, dense and in host memory; another element type is an error.
  template <class T>
  const T *data() const {
    if (!same_dtype(get().dtype, dtype_of<T>())) throw Error(TVMTRT_ERROR_WRONG_DTYPE, "the tensor has another element type");
    if (get().device.device_type == kDLCUDA) throw Error(TVMTRT_ERROR_WRONG_DEVICE, "the tensor is on a GPU");
    return reinterpret_cast<const T *>(static_cast<const char *>(get().data) + get().byte_offset);
  }
  /// A copy of the elements, in row-major order.
  template <class T>
  std::vector<T> to_vector() const {
    const T *first = data<T>();
    const DLTensor &t = get();
    if (t.strides == nullptr) return {first, first + size()};
    std::vector<T> out(size());
    for (std::size_t n = 0; n < out.size(); n++) {
      std::int64_t place = 0, rest = static_cast<std::int64_t>(n);
      for (std::int32_t axis = t.ndim; axis-- > 0; rest /= t.shape[axis]) place += rest % t.shape[axis] * t.strides[axis];
      out[n] = first[place];
    }
    return out;
  }
  /// A view of it, which it must outlive.
  TensorView view() const { return TensorView(get()); }

 private:
  struct End {
    void operator()(DLManagedTensorVersioned *t) const noexcept {
      if (t->deleter != nullptr) t->deleter(t);
    }
  };

  const DLTensor &get() const {
    if (!managed_) throw Error(TVMTRT_ERROR_NULL_POINTER, "there is no tensor");
    return managed_->dl_tensor;
  }

  std::unique_ptr<DLManagedTensorVersioned, End> managed_;
};

}  // namespace tvmtrt

#endif  // TVMTRT_TENSOR_HPP
