package tvmtrt;

import com.sun.jna.Pointer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Supplier;

/** Settings by key, as {@link Tvmtrt#optionsManual} lists them, and the callbacks. Wherever options are taken, null means all defaults. */
public final class Options extends Handle {
    /** Callbacks that the library may still call, by the user pointer that it has. */
    private static final Map<Long, Object> KEPT = new ConcurrentHashMap<>();

    private static final AtomicLong NEXT = new AtomicLong();
    private static final Library.Finalizer FORGET = user -> KEPT.remove(Pointer.nativeValue(user));

    /** Hears how builds of engines come along. */
    @FunctionalInterface
    public interface Progress {
        /** {@code done} of {@code total} steps of a phase; false stops the build with {@link ErrorCode#CANCELLED}. */
        boolean step(String region, String phase, long done, long total);
    }

    /** All defaults. */
    public Options() {
        super(Library.tvmtrt_options_new(), Library::tvmtrt_options_delete);
    }

    /** These values. An unknown key is an {@link ErrorCode#UNKNOWN_OPTION} that names the nearest one. */
    public static Options of(Map<String, ?> values) {
        Options options = new Options();
        values.forEach((key, value) -> options.set(key, value));
        return options;
    }

    /** What the variables of TVM and MXNet say now. */
    public static Options fromEnv() {
        Options options = new Options();
        Tvmtrt.check(options.during(Library::tvmtrt_options_from_env));
        return options;
    }

    /** Sets one option; null goes back to the default. */
    public Options set(String key, Object value) {
        Tvmtrt.check(during(o -> Library.tvmtrt_options_set(o, key, value == null ? null : value.toString())));
        return this;
    }

    /** The value in canonical form, or the default. */
    public String get(String key) {
        return Tvmtrt.text(out -> Library.tvmtrt_options_get(pointer(), key, out), this);
    }

    /** Has {@code callback} called for log lines, by any thread, instead of writing them to standard error; null goes back to that. */
    public Options onLog(BiConsumer<LogLevel, String> callback) {
        Library.LogCallback called = (user, level, message) ->
                guarded(() -> { callback.accept(LogLevel.values()[level - 1], string(message)); return 0; }, 0);
        return install(callback == null ? null : called, (c, user, end) -> during(o -> Library.tvmtrt_options_set_log_callback(o, (Library.LogCallback) c, user, end)));
    }

    /** Has {@code callback} called while engines are built; null for none. */
    public Options onProgress(Progress callback) {
        Library.ProgressCallback called = (user, region, phase, done, total) ->
                guarded(() -> callback.step(string(region), string(phase), done, total) ? 1 : 0, 0);
        return install(callback == null ? null : called,
                (c, user, end) -> during(o -> Library.tvmtrt_options_set_progress_callback(o, (Library.ProgressCallback) c, user, end)));
    }

    /** Has {@code callback} decide, by names of nodes and operators, on each region that would go to TensorRT; null for none. */
    public Options filterRegions(BiPredicate<List<String>, List<String>> callback) {
        Library.RegionFilter called = (user, nodes, operators, count) ->
                guarded(() -> callback.test(strings(nodes, count), strings(operators, count)) ? 1 : 0, 1);
        return install(callback == null ? null : called,
                (c, user, end) -> during(o -> Library.tvmtrt_options_set_region_filter(o, (Library.RegionFilter) c, user, end)));
    }

    private interface Setter {
        Pointer set(Object callback, Pointer user, Library.Finalizer end);
    }

    private Options install(Object callback, Setter setter) {
        if (callback == null) {
            Tvmtrt.check(setter.set(null, null, null));
            return this;
        }
        long key = NEXT.incrementAndGet();
        KEPT.put(key, callback);
        Pointer error = setter.set(callback, new Pointer(key), FORGET);
        if (error != null) {
            KEPT.remove(key);
        }
        Tvmtrt.check(error);
        return this;
    }

    /** How many callbacks the library holds. */
    static int callbackCount() {
        return KEPT.size();
    }

    /** An exception must not go through the library: the thread's handler gets it. */
    private static int guarded(Supplier<Integer> work, int otherwise) {
        try {
            return work.get();
        } catch (Throwable e) {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            return otherwise;
        }
    }

    private static String string(Pointer text) {
        return text.getString(0, "UTF-8");
    }

    private static List<String> strings(Pointer texts, long count) {
        return Arrays.stream(texts.getPointerArray(0, Math.toIntExact(count))).map(Options::string).toList();
    }
}
