package io.forebay.bench.scenarios;

/**
 * What one work did in one round.
 *
 * @param work name of the row
 * @param operations done
 * @param nanos they took together
 * @param p50 latency of sampled operations in nanoseconds; 0 when the work is not made of separate operations
 * @param allocatedBytes on the Java heap by the thread of the work
 * @param writtenBytes handed to the operating system by the whole process meanwhile
 * @param ingestedBytes keys and values written by the work
 * @param reads system calls that read
 * @param diskBytes size of the store's directory afterwards
 * @param residentBytes of the process afterwards
 * @param pauseNanos of garbage collections meanwhile
 */
public record Measurement(
        String work,
        long operations,
        long nanos,
        long p50,
        long p99,
        long p999,
        long allocatedBytes,
        long writtenBytes,
        long ingestedBytes,
        long reads,
        long diskBytes,
        long residentBytes,
        long pauseNanos) {
    public double nanosEach() {
        return nanos / (double) Math.max(1, operations);
    }
}
