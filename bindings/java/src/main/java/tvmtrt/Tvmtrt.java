package tvmtrt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/** What is asked of the library as a whole; and what all calls share: errors and texts. */
public final class Tvmtrt {
    private Tvmtrt() {}

    /** The version of the library that is loaded. */
    public static String version() {
        return Library.tvmtrt_version();
    }

    /** Each option's key, type, default, readers and meaning. */
    public static String optionsManual() {
        return text(out -> Library.tvmtrt_options_keys(Library.TEXT, out));
    }

    /** The manual as JSON. */
    public static String optionsManualJson() {
        return text(out -> Library.tvmtrt_options_keys(Library.JSON, out));
    }

    /** Which TensorRT is used, and each place that was tried; {@code options} may be null. */
    public static String tensorrtInfo(Options options) {
        return text(out -> Library.tvmtrt_tensorrt_info(Handle.lent(options), Library.TEXT, out), options);
    }

    /** {@link #tensorrtInfo} as JSON. */
    public static String tensorrtInfoJson(Options options) {
        return text(out -> Library.tvmtrt_tensorrt_info(Handle.lent(options), Library.JSON, out), options);
    }

    /** Throws what a call returned, if anything. */
    static void check(Pointer error) {
        if (error == null) {
            return;
        }
        try {
            throw new TvmtrtException(Library.tvmtrt_error_code(error), Library.tvmtrt_error_message(error));
        } finally {
            Library.tvmtrt_error_delete(error);
        }
    }

    /** What a call writes through its last argument. {@code used} stay reachable until it is done. */
    static Pointer made(Function<Pointer, Pointer> call, Object... used) {
        Memory out = new Memory(Library.POINTER);
        check(call.apply(out));
        for (Object o : used) {
            java.lang.ref.Reference.reachabilityFence(o);
        }
        return out.getPointer(0);
    }

    /** The text that a call makes. */
    static String text(Function<Pointer, Pointer> call, Object... used) {
        Pointer text = made(call, used);
        try {
            byte[] bytes = Library.tvmtrt_text_data(text).getByteArray(0, Math.toIntExact(Library.tvmtrt_text_size(text)));
            return new String(bytes, StandardCharsets.UTF_8);
        } finally {
            Library.tvmtrt_text_delete(text);
        }
    }
}
