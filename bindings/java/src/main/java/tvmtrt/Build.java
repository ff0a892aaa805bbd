package tvmtrt;

import com.sun.jna.Pointer;
import java.util.List;

/** A partition made ready to run. Any number of threads may use it. */
public final class Build extends Handle {
    Build(Pointer pointer) {
        super(pointer, Library::tvmtrt_build_delete);
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
        return (int) Library.tvmtrt_build_engine_count(pointer());
    }

    /** Where a region runs and why. */
    public String regionState(int region) {
        return Tvmtrt.text(out -> Library.tvmtrt_build_region_state(pointer(), region, out), this);
    }

    /** A copy of a region's serialised TensorRT engine, or null where it has none. */
    public byte[] engine(int region) {
        Pointer data = Library.tvmtrt_build_engine_data(pointer(), region);
        byte[] copy = data == null ? null : data.getByteArray(0, Math.toIntExact(Library.tvmtrt_build_engine_size(pointer(), region)));
        java.lang.ref.Reference.reachabilityFence(this);
        return copy;
    }

    /** TensorRT's own account of the layers of a region's engine, as JSON. */
    public String engineLayers(int region) {
        return Tvmtrt.text(out -> Library.tvmtrt_build_engine_layers(pointer(), region, out), this);
    }

    /** Makes a session: one for each thread that runs the build. {@code options} may be null. */
    public Session session(Options options) {
        List<String> names = outputs().stream().map(Value::name).toList();
        return new Session(Tvmtrt.made(out -> Library.tvmtrt_session_new(pointer(), Handle.lent(options), out), this, options), names);
    }
}
