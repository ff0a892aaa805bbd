package tvmtrt;

import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.function.Consumer;
import java.util.function.Function;

/** Owns one object of the library: it ends at {@code close()}, else when nothing refers to it. */
abstract class Handle implements AutoCloseable {
    static final Cleaner CLEANER = Cleaner.create();
    private final Pointer pointer;
    private final Cleaner.Cleanable end;
    private volatile boolean closed;

    Handle(Pointer pointer, Consumer<Pointer> delete) {
        this(pointer, delete, null);
    }

    /** {@code memory} lives until the object has ended. */
    Handle(Pointer pointer, Consumer<Pointer> delete, Object memory) {
        this.pointer = pointer;
        this.end = CLEANER.register(this, () -> { // what is in here must not hold this
            delete.accept(pointer);
            Reference.reachabilityFence(memory);
        });
    }

    /** Ends the object now, while no thread uses it. What was made from it lives on. */
    @Override
    public void close() {
        closed = true;
        end.clean();
    }

    Pointer pointer() {
        if (closed) {
            throw new IllegalStateException("this " + getClass().getSimpleName() + " is closed");
        }
        return pointer;
    }

    /** The result of a call, during which this is not collected. */
    <T> T during(Function<Pointer, T> call) {
        try {
            return call.apply(pointer());
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    static Pointer lent(Handle handle) {
        return handle == null ? null : handle.pointer();
    }
}
