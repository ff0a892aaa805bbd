package tvmtrt;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;

/** Elements in row-major order in memory outside of the heap, which lives as long as this or a buffer of it is reachable. Nothing is copied. */
public final class Tensor {
    private final DType dtype;
    private final long[] shape;
    private final ByteBuffer data;

    private Tensor(DType dtype, long[] shape, ByteBuffer data) {
        this.dtype = dtype;
        this.shape = shape;
        this.data = data.order(ByteOrder.nativeOrder());
    }

    /** Zeros. */
    public static Tensor zeros(DType dtype, long... shape) {
        return new Tensor(dtype, shape.clone(), ByteBuffer.allocateDirect(size(dtype, shape)));
    }

    /** A copy of an array. */
    public static Tensor of(float[] values, long... shape) {
        Tensor made = zeros(DType.FLOAT32, shape);
        made.fits(values.length);
        made.floats().put(values);
        return made;
    }

    /** A copy of an array. */
    public static Tensor of(long[] values, long... shape) {
        Tensor made = zeros(DType.INT64, shape);
        made.fits(values.length);
        made.longs().put(values);
        return made;
    }

    /** A tensor over the caller's direct buffer, from its position to its limit. */
    public static Tensor over(DType dtype, ByteBuffer data, long... shape) {
        if (!data.isDirect() || data.remaining() != size(dtype, shape)) {
            throw new IllegalArgumentException("a direct buffer of " + size(dtype, shape) + " bytes is needed, not " + data);
        }
        return new Tensor(dtype, shape.clone(), data.slice());
    }

    /** Takes over a dense tensor that the library has made; it ends when no buffer looks at its memory any more. */
    static Tensor managed(Pointer managed) {
        Pointer tensor = managed.share(Library.MANAGED_TENSOR);
        int rank = tensor.getInt(16);
        DType dtype = DType.of(tensor.getByte(20), tensor.getByte(21));
        long[] shape = rank == 0 ? new long[0] : tensor.getPointer(24).getLongArray(0, rank);
        int size = size(dtype, shape);
        ByteBuffer data = size == 0 ? ByteBuffer.allocateDirect(0) : tensor.getPointer(0).getByteBuffer(tensor.getLong(40), size);
        // All buffers that are derived from this one hold it.
        Handle.CLEANER.register(data, () -> Function.getFunction(managed.getPointer(Library.MANAGED_DELETER)).invoke(void.class, new Object[] {managed}));
        return new Tensor(dtype, shape, data);
    }

    /** The element type. */
    public DType dtype() {
        return dtype;
    }

    /** The extents, outermost first. */
    public long[] shape() {
        return shape.clone();
    }

    /** The memory, in the machine's byte order. */
    public ByteBuffer bytes() {
        return data.duplicate().order(ByteOrder.nativeOrder());
    }

    /** The elements of a {@link DType#FLOAT32} tensor. */
    public FloatBuffer floats() {
        return as(DType.FLOAT32).asFloatBuffer();
    }

    /** The elements of a {@link DType#INT64} tensor. */
    public LongBuffer longs() {
        return as(DType.INT64).asLongBuffer();
    }

    @Override
    public String toString() {
        return dtype.name().toLowerCase(java.util.Locale.ROOT) + Arrays.toString(shape);
    }

    Pointer address() {
        return data.capacity() == 0 ? null : Native.getDirectBufferPointer(data);
    }

    private ByteBuffer as(DType wanted) {
        if (dtype != wanted) {
            throw new IllegalStateException(this + " has no elements of " + wanted);
        }
        return bytes();
    }

    private void fits(int length) {
        if ((long) length * dtype.bytes() != data.capacity()) {
            throw new IllegalArgumentException(length + " elements do not fill " + this);
        }
    }

    private static int size(DType dtype, long[] shape) {
        long size = dtype.bytes();
        for (long n : shape) {
            if (n < 0) {
                throw new IllegalArgumentException("no tensor has the shape " + Arrays.toString(shape));
            }
            size = Math.multiplyExact(size, n);
        }
        return Math.toIntExact(size);
    }
}
