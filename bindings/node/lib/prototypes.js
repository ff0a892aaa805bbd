/** The types and prototypes of tvmtrt.h as koffi wants them. test/header.test.js compares them with the header. */
import koffi from "koffi";

for (const name of ["error", "text", "options", "value", "model", "partition", "build", "session", "calibration"]) koffi.opaque(`tvmtrt_${name}_t`);
koffi.struct("DLDevice", { device_type: "int32_t", device_id: "int32_t" });
koffi.struct("DLDataType", { code: "uint8_t", bits: "uint8_t", lanes: "uint16_t" });
export const DLTensor = koffi.struct("DLTensor", {
  data: "void *",
  device: "DLDevice",
  ndim: "int32_t",
  dtype: "DLDataType",
  shape: "int64_t *",
  strides: "int64_t *",
  byte_offset: "uint64_t",
});
export const DLManagedTensorVersioned = koffi.struct("DLManagedTensorVersioned", {
  major: "uint32_t",
  minor: "uint32_t",
  manager_ctx: "void *",
  deleter: "void *",
  flags: "uint64_t",
  dl_tensor: "DLTensor",
});
export const Deleter = koffi.proto("void Deleter(void *self)");
koffi.struct("tvmtrt_shape_t", { name: "const char *", dims: "const int64_t *", rank: "size_t", dtype: "DLDataType" });
koffi.struct("tvmtrt_argument_t", { name: "const char *", tensor: "const DLTensor *", managed: "void *" });

export const CALLBACKS = [
  "int32_t tvmtrt_region_filter_t(void *user, const char *const *nodes, const char *const *operators, size_t count)",
  "void tvmtrt_finalizer_t(void *user)",
  "void tvmtrt_log_callback_t(void *user, uint32_t level, const char *message)",
  "int32_t tvmtrt_progress_callback_t(void *user, const char *region, const char *phase, size_t done, size_t total)",
];
for (const callback of CALLBACKS) koffi.proto(callback.replaceAll("const char *const *", "void *"));

export const FUNCTIONS = [
  "const char *tvmtrt_version(void)",
  "uint32_t tvmtrt_error_code(const tvmtrt_error_t *error)",
  "const char *tvmtrt_error_message(const tvmtrt_error_t *error)",
  "void tvmtrt_error_delete(tvmtrt_error_t *error)",
  "const char *tvmtrt_text_data(const tvmtrt_text_t *text)",
  "void tvmtrt_text_delete(tvmtrt_text_t *text)",
  "tvmtrt_options_t *tvmtrt_options_new(void)",
  "tvmtrt_error_t *tvmtrt_options_set(tvmtrt_options_t *options, const char *key, const char *value)",
  "tvmtrt_error_t *tvmtrt_options_get(const tvmtrt_options_t *options, const char *key, tvmtrt_text_t **out)",
  "tvmtrt_error_t *tvmtrt_options_keys(uint32_t format, tvmtrt_text_t **out)",
  "tvmtrt_error_t *tvmtrt_options_from_env(tvmtrt_options_t *options)",
  "tvmtrt_error_t *tvmtrt_options_set_region_filter(tvmtrt_options_t *options, tvmtrt_region_filter_t filter, void *user, tvmtrt_finalizer_t finalizer)",
  "tvmtrt_error_t *tvmtrt_options_set_log_callback(tvmtrt_options_t *options, tvmtrt_log_callback_t callback, void *user, tvmtrt_finalizer_t finalizer)",
  "tvmtrt_error_t *tvmtrt_options_set_progress_callback(tvmtrt_options_t *options, tvmtrt_progress_callback_t callback, void *user, tvmtrt_finalizer_t finalizer)",
  "void tvmtrt_options_delete(tvmtrt_options_t *options)",
  "const char *tvmtrt_value_name(const tvmtrt_value_t *value)",
  "const char *tvmtrt_value_dtype_name(const tvmtrt_value_t *value)",
  "size_t tvmtrt_value_rank(const tvmtrt_value_t *value)",
  "const int64_t *tvmtrt_value_dims(const tvmtrt_value_t *value)",
  "const char *tvmtrt_value_dim_text(const tvmtrt_value_t *value, size_t axis)",
  "const char *tvmtrt_value_text(const tvmtrt_value_t *value)",
  "tvmtrt_error_t *tvmtrt_model_load(const char *path, const tvmtrt_options_t *options, tvmtrt_model_t **out)",
  "tvmtrt_error_t *tvmtrt_model_load_memory(const void *data, size_t size, const char *folder, const tvmtrt_options_t *options, tvmtrt_model_t **out)",
  "size_t tvmtrt_model_metadata_count(const tvmtrt_model_t *model)",
  "const char *tvmtrt_model_metadata_key(const tvmtrt_model_t *model, size_t index)",
  "const char *tvmtrt_model_metadata(const tvmtrt_model_t *model, const char *key)",
  "tvmtrt_error_t *tvmtrt_partition(const tvmtrt_model_t *model, const tvmtrt_shape_t *shapes, size_t shape_count, const tvmtrt_options_t *options, tvmtrt_partition_t **out)",
  "tvmtrt_error_t *tvmtrt_partition_explain(const tvmtrt_partition_t *partition, uint32_t format, tvmtrt_text_t **out)",
  "size_t tvmtrt_partition_region_count(const tvmtrt_partition_t *partition)",
  "tvmtrt_error_t *tvmtrt_partition_region_json(const tvmtrt_partition_t *partition, size_t region, tvmtrt_text_t **out)",
  "tvmtrt_error_t *tvmtrt_build(const tvmtrt_partition_t *partition, const tvmtrt_options_t *options, tvmtrt_build_t **out)",
  "tvmtrt_error_t *tvmtrt_build_save(const tvmtrt_build_t *build, const char *path, const tvmtrt_options_t *options)",
  "tvmtrt_error_t *tvmtrt_build_load(const char *path, const tvmtrt_options_t *options, tvmtrt_build_t **out)",
  "tvmtrt_error_t *tvmtrt_build_load_memory(const void *data, size_t size, const tvmtrt_options_t *options, tvmtrt_build_t **out)",
  "tvmtrt_error_t *tvmtrt_build_region_state(const tvmtrt_build_t *build, size_t region, tvmtrt_text_t **out)",
  "size_t tvmtrt_build_engine_count(const tvmtrt_build_t *build)",
  "const void *tvmtrt_build_engine_data(const tvmtrt_build_t *build, size_t region)",
  "size_t tvmtrt_build_engine_size(const tvmtrt_build_t *build, size_t region)",
  "tvmtrt_error_t *tvmtrt_build_engine_layers(const tvmtrt_build_t *build, size_t region, tvmtrt_text_t **out)",
  "tvmtrt_error_t *tvmtrt_session_new(const tvmtrt_build_t *build, const tvmtrt_options_t *options, tvmtrt_session_t **out)",
  "tvmtrt_error_t *tvmtrt_session_set_stream(const tvmtrt_session_t *session, void *stream)",
  "tvmtrt_error_t *tvmtrt_session_synchronize(const tvmtrt_session_t *session)",
  "tvmtrt_error_t *tvmtrt_session_profile(tvmtrt_session_t *session, const tvmtrt_argument_t *inputs, size_t input_count, size_t runs, uint32_t format, tvmtrt_text_t **out)",
  "void tvmtrt_session_delete(tvmtrt_session_t *session)",
  "tvmtrt_error_t *tvmtrt_run(tvmtrt_session_t *session, const tvmtrt_argument_t *inputs, size_t input_count, const tvmtrt_argument_t *outputs, size_t output_count)",
  "tvmtrt_error_t *tvmtrt_calibration_new(const tvmtrt_partition_t *partition, const tvmtrt_options_t *options, tvmtrt_calibration_t **out)",
  "tvmtrt_error_t *tvmtrt_calibration_add(tvmtrt_calibration_t *calibration, const tvmtrt_argument_t *inputs, size_t input_count)",
  "tvmtrt_error_t *tvmtrt_calibration_write(const tvmtrt_calibration_t *calibration, const char *path)",
  "void tvmtrt_calibration_delete(tvmtrt_calibration_t *calibration)",
  "tvmtrt_error_t *tvmtrt_tensorrt_info(const tvmtrt_options_t *options, uint32_t format, tvmtrt_text_t **out)",
  ...["model", "partition", "build"].flatMap((noun) => [
    ...["input", "output"].flatMap((side) => [
      `size_t tvmtrt_${noun}_${side}_count(const tvmtrt_${noun}_t *${noun})`,
      `const tvmtrt_value_t *tvmtrt_${noun}_${side}(const tvmtrt_${noun}_t *${noun}, size_t index)`,
    ]),
    `void tvmtrt_${noun}_delete(tvmtrt_${noun}_t *${noun})`,
  ]),
];

/** @param {string} prototype in koffi's words: what is written through a pointer is marked, callbacks are pointers */
export function forKoffi(prototype) {
  return prototype.replace(/(\w+_t \*\*out)/, "_Out_ $1").replaceAll(/(tvmtrt_(?:region_filter|finalizer|\w+_callback)_t) /g, "$1 *");
}
