package tvmtrt;

/** A call failed; the message says what, where, and what would help. */
public final class TvmtrtException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int number;

    TvmtrtException(int number, String message) {
        super(message);
        this.number = number;
    }

    /** What a program decides by. */
    public ErrorCode code() {
        return ErrorCode.of(number);
    }

    /** The number of the code, also where a newer library has one that is not known here. */
    public int number() {
        return number;
    }
}
