package tvmtrt;

/** What a program decides by: the TVMTRT_ERROR_ numbers of tvmtrt.h. */
public enum ErrorCode {
    /** An argument is outside what the function accepts. */
    INVALID_ARGUMENT(1),
    /** A pointer that must not be NULL is NULL. */
    NULL_POINTER(2),
    /** No input, output, symbol or node has this name. */
    UNKNOWN_NAME(3),
    /** A name is given twice. */
    DUPLICATE_NAME(4),
    /** An input or output that is needed is not given. */
    MISSING_NAME(5),
    /** The element type differs from what the network expects. */
    WRONG_DTYPE(6),
    /** The shape differs from what the network expects, or contradicts another one. */
    WRONG_SHAPE(7),
    /** The number of inputs or outputs differs. */
    WRONG_COUNT(8),
    /** The tensor lies on a device that cannot be used here. */
    WRONG_DEVICE(9),
    /** No option has this key. */
    UNKNOWN_OPTION(10),
    /** The option's value is not of its type or range, or contradicts another option. */
    BAD_OPTION(11),
    /** A file cannot be opened, read or written. */
    IO(100),
    /** The model file is cut, damaged or contradicts itself. */
    MALFORMED_MODEL(101),
    /** The model uses operators that are not known here; the message names all of them. */
    UNSUPPORTED_OPERATOR(102),
    /** The model uses a feature of its format that is not known here. */
    UNSUPPORTED_MODEL(103),
    /** Operands of a node do not fit each other. */
    BAD_GRAPH(104),
    /** Offload was demanded and is not possible. */
    OFFLOAD_IMPOSSIBLE(200),
    /** No TensorRT library was found; the message lists each place tried. */
    TENSORRT_NOT_FOUND(300),
    /** The TensorRT library is older than the oldest that can be driven. */
    TENSORRT_TOO_OLD(301),
    /** The TensorRT library is newer than every known interface table. */
    TENSORRT_TOO_NEW(302),
    /** TensorRT refused to build an engine; the message holds its own words. */
    TENSORRT_BUILD(303),
    /** This version of TensorRT has no such function or layer. */
    TENSORRT_UNSUPPORTED(304),
    /** A CUDA call failed or there is no CUDA here. */
    CUDA(400),
    /** A GPU has not the memory that is needed, or the host has not what a GPU is to reach. */
    OUT_OF_MEMORY(401),
    /** Machine code for the CPU could not be made. */
    CPU_CODE(500),
    /** What is asked for is not there yet; SUPPORT.md says what is. */
    NOT_IMPLEMENTED(800),
    /** This library was built without the part that does it; the message names the part. */
    UNSUPPORTED(801),
    /** A defect in this library. */
    INTERNAL(900),
    /** A caller's callback asked to stop. */
    CANCELLED(901),
    /** A code of a newer library, which is not known here. */
    UNKNOWN(-1);

    /** The header's number. */
    public final int number;

    ErrorCode(int number) {
        this.number = number;
    }

    static ErrorCode of(int number) {
        for (ErrorCode code : values()) {
            if (code.number == number) {
                return code;
            }
        }
        return UNKNOWN;
    }
}
