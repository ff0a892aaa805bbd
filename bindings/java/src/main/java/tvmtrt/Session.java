package tvmtrt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one thread at a time needs to run a build. */
public final class Session extends Handle {
    private final List<String> outputs;

    Session(Pointer pointer, List<String> outputs, Object memory) {
        super(pointer, Library::tvmtrt_session_delete, memory);
        this.outputs = outputs;
    }

    /** Computes all outputs in memory of the library. */
    public Map<String, Tensor> run(Map<String, Tensor> inputs) {
        return run(inputs, Map.of());
    }

    /** Computes all outputs: those that are given go into the caller's tensors, the others are made. */
    public Map<String, Tensor> run(Map<String, Tensor> inputs, Map<String, Tensor> given) {
        Arena arena = new Arena();
        List<String> names = outputs.stream().filter(n -> !given.containsKey(n)).toList();
        Memory managed = arena.bytes(Math.max(1, Library.POINTER * names.size()));
        int count = given.size() + names.size();
        Memory targets = arena.bytes(Math.max(1, Library.ARGUMENT * count));
        arena.arguments(given, targets);
        for (int i = 0; i < names.size(); i++) {
            int at = Library.ARGUMENT * (given.size() + i);
            targets.setPointer(at, arena.text(names.get(i)));
            targets.setPointer(at + 16, managed.share((long) Library.POINTER * i));
        }
        Tvmtrt.check(during(session -> Library.tvmtrt_run(session, arena.arguments(inputs), inputs.size(), targets, count)));
        Reference.reachabilityFence(arena);
        Map<String, Tensor> results = new LinkedHashMap<>(given);
        for (int i = 0; i < names.size(); i++) {
            results.put(names.get(i), Tensor.managed(managed.getPointer((long) Library.POINTER * i)));
        }
        return results;
    }

    /** Queues the work on a GPU on the caller's stream, the address of a {@code cudaStream_t}; 0 is CUDA's default one. */
    public void setStream(long stream) {
        Tvmtrt.check(during(session -> Library.tvmtrt_session_set_stream(session, stream == 0 ? null : new Pointer(stream))));
    }

    /** Waits for all work that the session has queued. */
    public void synchronize() {
        Tvmtrt.check(during(Library::tvmtrt_session_synchronize));
    }

    /** Where the time of a run goes, as text. */
    public String profile(Map<String, Tensor> inputs, int runs) {
        return profile(inputs, runs, Library.TEXT);
    }

    /** {@link #profile} as JSON. */
    public String profileJson(Map<String, Tensor> inputs, int runs) {
        return profile(inputs, runs, Library.JSON);
    }

    private String profile(Map<String, Tensor> inputs, int runs, int format) {
        Arena arena = new Arena();
        Memory feeds = arena.arguments(inputs);
        return Tvmtrt.text(out -> Library.tvmtrt_session_profile(pointer(), feeds, inputs.size(), runs, format, out), this, arena);
    }
}
