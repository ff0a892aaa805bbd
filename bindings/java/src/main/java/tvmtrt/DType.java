package tvmtrt;

/** Element types: DLPack's code and bits. */
public enum DType {
    /** float. */
    FLOAT32(2, 32),
    /** double. */
    FLOAT64(2, 64),
    /** 16 bits, of which Java knows nothing. */
    FLOAT16(2, 16),
    /** The upper half of a float32. */
    BFLOAT16(4, 16),
    /** byte. */
    INT8(0, 8),
    /** short. */
    INT16(0, 16),
    /** int. */
    INT32(0, 32),
    /** long. */
    INT64(0, 64),
    /** A byte without sign. */
    UINT8(1, 8),
    /** A short without sign. */
    UINT16(1, 16),
    /** An int without sign. */
    UINT32(1, 32),
    /** A long without sign. */
    UINT64(1, 64),
    /** A byte, 0 or 1. */
    BOOL(6, 8);

    final int code;
    final int bits;

    DType(int code, int bits) {
        this.code = code;
        this.bits = bits;
    }

    /** How large an element is. */
    public int bytes() {
        return bits / 8;
    }

    static DType of(int code, int bits) {
        for (DType dtype : values()) {
            if (dtype.code == code && dtype.bits == bits) {
                return dtype;
            }
        }
        throw new IllegalStateException("an output has the element type " + code + " with " + bits + " bits");
    }
}
