package tvmtrt;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.Map;

/** The functions of tvmtrt.h under their own names, which HeaderTest compares with the header. Nothing else: what they mean is the other classes'. */
final class Library {
    static final int TEXT = 0;
    static final int JSON = 1;
    static final int DOT = 2;
    static final int SVG = 3;
    /** Sizes of the header's structures, and where their fields are, on 64-bit machines. */
    static final int POINTER = 8, SHAPE = 32, ARGUMENT = 24, TENSOR = 48, MANAGED_TENSOR = 32, MANAGED_DELETER = 16;

    static {
        String named = System.getProperty("tvmtrt.library", System.getenv("TVMTRT_LIBRARY"));
        String file = named == null || named.isEmpty() ? "libtvmtrt.so.0" : named;
        Native.register(Library.class, NativeLibrary.getInstance(file, Map.of(com.sun.jna.Library.OPTION_STRING_ENCODING, "UTF-8")));
    }

    private Library() {}

    /** Decides on a region. */
    interface RegionFilter extends Callback {
        int invoke(Pointer user, Pointer nodes, Pointer operators, long count);
    }

    /** Takes a log line. */
    interface LogCallback extends Callback {
        void invoke(Pointer user, int level, Pointer message);
    }

    /** Hears how a build comes along. */
    interface ProgressCallback extends Callback {
        int invoke(Pointer user, Pointer region, Pointer phase, long done, long total);
    }

    /** Ends a user pointer. */
    interface Finalizer extends Callback {
        void invoke(Pointer user);
    }

    /** Ends a managed tensor. */
    interface Deleter extends Callback {
        void invoke(Pointer self);
    }

    static native String tvmtrt_version();
    static native int tvmtrt_error_code(Pointer error);
    static native String tvmtrt_error_message(Pointer error);
    static native void tvmtrt_error_delete(Pointer error);
    static native Pointer tvmtrt_text_data(Pointer text);
    static native long tvmtrt_text_size(Pointer text);
    static native void tvmtrt_text_delete(Pointer text);
    static native Pointer tvmtrt_options_new();
    static native Pointer tvmtrt_options_set(Pointer options, String key, String value);
    static native Pointer tvmtrt_options_get(Pointer options, String key, Pointer out);
    static native Pointer tvmtrt_options_keys(int format, Pointer out);
    static native Pointer tvmtrt_options_from_env(Pointer options);
    static native Pointer tvmtrt_options_set_region_filter(Pointer options, RegionFilter filter, Pointer user, Finalizer finalizer);
    static native void tvmtrt_options_delete(Pointer options);
    static native Pointer tvmtrt_options_set_log_callback(Pointer options, LogCallback callback, Pointer user, Finalizer finalizer);
    static native Pointer tvmtrt_options_set_progress_callback(Pointer options, ProgressCallback callback, Pointer user, Finalizer finalizer);
    static native String tvmtrt_value_name(Pointer value);
    static native String tvmtrt_value_dtype_name(Pointer value);
    static native long tvmtrt_value_rank(Pointer value);
    static native Pointer tvmtrt_value_dims(Pointer value);
    static native String tvmtrt_value_dim_text(Pointer value, long axis);
    static native String tvmtrt_value_text(Pointer value);
    static native Pointer tvmtrt_model_load(String path, Pointer options, Pointer out);
    static native Pointer tvmtrt_model_load_memory(Pointer data, long size, String folder, Pointer options, Pointer out);
    static native long tvmtrt_model_input_count(Pointer model);
    static native Pointer tvmtrt_model_input(Pointer model, long index);
    static native long tvmtrt_model_output_count(Pointer model);
    static native Pointer tvmtrt_model_output(Pointer model, long index);
    static native long tvmtrt_model_metadata_count(Pointer model);
    static native String tvmtrt_model_metadata_key(Pointer model, long index);
    static native String tvmtrt_model_metadata(Pointer model, String key);
    static native void tvmtrt_model_delete(Pointer model);
    static native Pointer tvmtrt_partition(Pointer model, Pointer shapes, long shape_count, Pointer options, Pointer out);
    static native Pointer tvmtrt_partition_explain(Pointer partition, int format, Pointer out);
    static native long tvmtrt_partition_region_count(Pointer partition);
    static native Pointer tvmtrt_partition_region_json(Pointer partition, long region, Pointer out);
    static native long tvmtrt_partition_input_count(Pointer partition);
    static native Pointer tvmtrt_partition_input(Pointer partition, long index);
    static native long tvmtrt_partition_output_count(Pointer partition);
    static native Pointer tvmtrt_partition_output(Pointer partition, long index);
    static native void tvmtrt_partition_delete(Pointer partition);
    static native Pointer tvmtrt_build(Pointer partition, Pointer options, Pointer out);
    static native Pointer tvmtrt_build_save(Pointer build, String path, Pointer options);
    static native Pointer tvmtrt_build_load(String path, Pointer options, Pointer out);
    static native Pointer tvmtrt_build_load_memory(Pointer data, long size, Pointer options, Pointer out);
    static native Pointer tvmtrt_build_region_state(Pointer build, long region, Pointer out);
    static native long tvmtrt_build_engine_count(Pointer build);
    static native Pointer tvmtrt_build_engine_data(Pointer build, long region);
    static native long tvmtrt_build_engine_size(Pointer build, long region);
    static native long tvmtrt_build_input_count(Pointer build);
    static native Pointer tvmtrt_build_input(Pointer build, long index);
    static native long tvmtrt_build_output_count(Pointer build);
    static native Pointer tvmtrt_build_output(Pointer build, long index);
    static native void tvmtrt_build_delete(Pointer build);
    static native Pointer tvmtrt_session_new(Pointer build, Pointer options, Pointer out);
    static native Pointer tvmtrt_session_set_stream(Pointer session, Pointer stream);
    static native Pointer tvmtrt_session_synchronize(Pointer session);
    static native void tvmtrt_session_delete(Pointer session);
    static native Pointer tvmtrt_run(Pointer session, Pointer inputs, long input_count, Pointer outputs, long output_count);
    static native Pointer tvmtrt_session_profile(Pointer session, Pointer inputs, long input_count, long runs, int format, Pointer out);
    static native Pointer tvmtrt_build_engine_layers(Pointer build, long region, Pointer out);
    static native Pointer tvmtrt_calibration_new(Pointer partition, Pointer options, Pointer out);
    static native Pointer tvmtrt_calibration_add(Pointer calibration, Pointer inputs, long input_count);
    static native Pointer tvmtrt_calibration_write(Pointer calibration, String path);
    static native void tvmtrt_calibration_delete(Pointer calibration);
    static native Pointer tvmtrt_tensorrt_info(Pointer options, int format, Pointer out);
}
