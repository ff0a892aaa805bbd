package tvmtrt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.List;

/** A partition made ready to run. Any number of threads may use it. */
public final class Build extends Handle {
    private final Object memory;

    Build(Pointer pointer, Object memory) {
        super(pointer, Library::tvmtrt_build_delete, memory);
        this.memory = memory;
    }

    /** A build that {@link #save} wrote, here or on another machine; {@code options} may be null. The file is mapped: do not change it. */
    public static Build load(Path path, Options options) {
        return new Build(Tvmtrt.made(out -> Library.tvmtrt_build_load(path.toString(), Handle.lent(options), out), options), null);
    }

    /** A build from the bytes of such a file, which are copied. */
    public static Build load(byte[] bytes, Options options) {
        Memory copy = new Memory(bytes.length + 64L).align(64);
        copy.write(0, bytes, 0, bytes.length);
        return new Build(
                Tvmtrt.made(out -> Library.tvmtrt_build_load_memory(copy, bytes.length, Handle.lent(options), out), options), copy);
    }

    /** Writes one file with all that running it needs, here or elsewhere; a name that ends in .so makes a shared object. */
    public void save(Path path, Options options) {
        Tvmtrt.check(during(build -> Library.tvmtrt_build_save(build, path.toString(), Handle.lent(options))));
        Reference.reachabilityFence(options);
    }

    /** The inputs of a run. */
    public List<Value> inputs() {
        return Value.list(this, Library.tvmtrt_build_input_count(pointer()), i -> Library.tvmtrt_build_input(pointer(), i));
    }

    /** The outputs of a run. */
    public List<Value> outputs() {
        return Value.list(this, Library.tvmtrt_build_output_count(pointer()), i -> Library.tvmtrt_build_output(pointer(), i));
    }

    /** The number of regions that have a TensorRT engine by now. */
    public int engines() {
        return during(Library::tvmtrt_build_engine_count).intValue();
    }

    /** Where a region runs and why. */
    public String regionState(int region) {
        return Tvmtrt.text(out -> Library.tvmtrt_build_region_state(pointer(), region, out), this);
    }

    /** A copy of a region's serialised TensorRT engine, or null where it has none. */
    public byte[] engine(int region) {
        return during(build -> {
            Pointer data = Library.tvmtrt_build_engine_data(build, region);
            return data == null ? null : data.getByteArray(0, Math.toIntExact(Library.tvmtrt_build_engine_size(build, region)));
        });
    }

    /** TensorRT's own account of the layers of a region's engine, as JSON. */
    public String engineLayers(int region) {
        return Tvmtrt.text(out -> Library.tvmtrt_build_engine_layers(pointer(), region, out), this);
    }

    /** Makes a session: one for each thread that runs the build. {@code options} may be null. */
    public Session session(Options options) {
        List<String> names = outputs().stream().map(Value::name).toList();
        Pointer session = Tvmtrt.made(out -> Library.tvmtrt_session_new(pointer(), Handle.lent(options), out), this, options);
        return new Session(session, names, memory);
    }
}
