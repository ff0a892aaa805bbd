package tvmtrt;

/** How important a log line is: the TVMTRT_LOG_ numbers of tvmtrt.h. */
public enum LogLevel {
    /** Something failed. */
    ERROR(1),
    /** Something works, but not as asked for or not as fast. */
    WARNING(2),
    /** What was chosen. */
    INFO(3),
    /** For finding faults. */
    DEBUG(4);

    /** The header's number. */
    public final int number;

    LogLevel(int number) {
        this.number = number;
    }
}
