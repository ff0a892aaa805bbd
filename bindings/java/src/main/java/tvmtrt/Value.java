package tvmtrt;

import com.sun.jna.Pointer;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * An input or output.
 *
 * @param name as the model has it
 * @param dtype the element type's name, as numpy has it
 * @param dims the extents, -1 where one is not fixed
 * @param extents the extents as text: numbers, symbols, expressions
 * @param text all of it in one line
 */
public record Value(String name, String dtype, List<Long> dims, List<String> extents, String text) {
    static List<Value> list(Handle owner, long count, LongFunction<Pointer> at) {
        try {
            return LongStream.range(0, count).mapToObj(i -> of(at.apply(i))).toList();
        } finally {
            java.lang.ref.Reference.reachabilityFence(owner);
        }
    }

    private static Value of(Pointer value) {
        int rank = Math.toIntExact(Library.tvmtrt_value_rank(value));
        Pointer dims = Library.tvmtrt_value_dims(value);
        return new Value(
                Library.tvmtrt_value_name(value),
                Library.tvmtrt_value_dtype_name(value),
                IntStream.range(0, rank).mapToObj(axis -> dims.getLong(8L * axis)).toList(),
                IntStream.range(0, rank).mapToObj(axis -> Library.tvmtrt_value_dim_text(value, axis)).toList(),
                Library.tvmtrt_value_text(value));
    }
}
