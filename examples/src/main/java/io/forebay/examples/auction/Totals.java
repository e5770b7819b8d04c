package io.forebay.examples.auction;

import java.nio.ByteBuffer;

/** The running aggregate of one key. Immutable; 24 bytes on the wire. */
public record Totals(long count, long sum, long max) {
    public static final Totals NONE = new Totals(0, 0, Long.MIN_VALUE);

    public Totals plus(long amount) {
        return new Totals(count + 1, sum + amount, Math.max(max, amount));
    }

    public byte[] toBytes() {
        return ByteBuffer.allocate(24).putLong(count).putLong(sum).putLong(max).array();
    }

    public static Totals fromBytes(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new Totals(buffer.getLong(), buffer.getLong(), buffer.getLong());
    }
}
