package tvmtrt;

import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Map;

/** Makes the table of ranges that engines in int8 are built with (option {@code calibration}). One thread at a time. */
public final class Calibration extends Handle {
    Calibration(Pointer pointer) {
        super(pointer, Library::tvmtrt_calibration_delete);
    }

    /** Runs once on data like those that the engine will see. */
    public void add(Map<String, Tensor> inputs) {
        Arena arena = new Arena();
        Tvmtrt.check(during(c -> Library.tvmtrt_calibration_add(c, arena.arguments(inputs), inputs.size())));
        Reference.reachabilityFence(arena);
    }

    /** Writes the table. */
    public void write(Path path) {
        Tvmtrt.check(during(c -> Library.tvmtrt_calibration_write(c, path.toString())));
    }
}
