package io.forebay.bench.scenarios;

/**
 * What one work did in one round. Figures that say nothing about it are {@link #UNKNOWN}.
 *
 * @param work name of the row
 * @param unit of {@code value}: {@link #NANOS}, or what a row that is not about time says
 * @param value the figure that is compared; less is better
 * @param operations done
 * @param nanos they took together
 * @param p50 latency of sampled operations in nanoseconds; unknown when the work is not made of separate operations
 * @param allocatedBytes on the Java heap by the thread of the work
 * @param writtenBytes handed to the operating system by the whole process meanwhile
 * @param ingestedBytes keys and values written by the work
 * @param reads system calls that read, by the whole process
 * @param readBytes they returned
 * @param diskBytes size of the directory afterwards
 * @param residentBytes of the process afterwards, garbage included
 * @param pauseNanos of garbage collections meanwhile, together
 * @param longestPauseNanos of one of them
 */
public record Measurement(
        String work,
        String unit,
        double value,
        long operations,
        long nanos,
        long p50,
        long p99,
        long p999,
        long longest,
        long allocatedBytes,
        long writtenBytes,
        long ingestedBytes,
        long reads,
        long readBytes,
        long diskBytes,
        long residentBytes,
        long pauseNanos,
        long longestPauseNanos) {
    /** Nanoseconds for each operation. */
    public static final String NANOS = "ns";

    public static final long UNKNOWN = -1;

    /** Of a figure that is no time. */
    static Measurement figure(String work, String unit, double value) {
        return bare(work, unit, value, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
    }

    /** Of operations within another work. */
    static Measurement latencies(
            String work, double mean, long operations, long nanos, long p50, long p99, long p999, long longest) {
        return bare(work, NANOS, mean, operations, nanos, p50, p99, p999, longest);
    }

    private static Measurement bare(
            String work,
            String unit,
            double value,
            long operations,
            long nanos,
            long p50,
            long p99,
            long p999,
            long longest) {
        return new Measurement(
                work,
                unit,
                value,
                operations,
                nanos,
                p50,
                p99,
                p999,
                longest,
                UNKNOWN,
                UNKNOWN,
                UNKNOWN,
                UNKNOWN,
                UNKNOWN,
                UNKNOWN,
                UNKNOWN,
                UNKNOWN,
                UNKNOWN);
    }
}
