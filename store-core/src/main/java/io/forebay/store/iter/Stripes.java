package io.forebay.store.iter;

/**
 * The snapshot sequences divide all sequence numbers into stripes: stripe i lies above the i oldest snapshot sequences, and
 * ends at the next one. No reader sees any but the newest of the versions of a key in one stripe. Used by one thread.
 */
final class Stripes {
    private final long[] snapshotSequences;
    /**
     * Bounds of the last result, because the next sequence number mostly lies in the same stripe: above {@code low}, up to
     * {@code high}.
     */
    private long low = 0;

    private long high = -1;
    private int last;

    /** @param snapshotSequences ascending, distinct */
    Stripes(long[] snapshotSequences) {
        this.snapshotSequences = snapshotSequences.clone();
        for (int i = 1; i < snapshotSequences.length; i++) {
            if (snapshotSequences[i - 1] >= snapshotSequences[i]) {
                throw new IllegalArgumentException("Snapshot sequences are not ascending: " + snapshotSequences[i - 1]
                        + ", " + snapshotSequences[i]);
            }
        }
    }

    int of(long sequence) {
        if (sequence > low && sequence <= high) {
            return last;
        }
        int from = 0;
        int to = snapshotSequences.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (snapshotSequences[middle] < sequence) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        low = from == 0 ? Long.MIN_VALUE : snapshotSequences[from - 1];
        high = from == snapshotSequences.length ? Long.MAX_VALUE : snapshotSequences[from];
        last = from;
        return from;
    }

    /** The oldest snapshot sequence, {@link Long#MAX_VALUE} for none. */
    long oldest() {
        return snapshotSequences.length == 0 ? Long.MAX_VALUE : snapshotSequences[0];
    }

    /** The newest snapshot sequence, -1 for none. */
    long newest() {
        return snapshotSequences.length == 0 ? -1 : snapshotSequences[snapshotSequences.length - 1];
    }
}
