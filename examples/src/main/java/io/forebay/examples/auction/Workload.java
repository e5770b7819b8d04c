package io.forebay.examples.auction;

import java.io.IOException;
import java.nio.file.Path;

/** A finite stream of events, each a pure function of its index, so that any process can produce or check any part. */
public interface Workload {
    /** Length of the windows of the windowed count, in milliseconds of event time. */
    long WINDOW_MILLIS = 10_000;

    long size();

    Event event(long index);

    /** True when the stream has persons and auctions to join. */
    boolean hasJoin();

    /**
     * The words of {@code input}, or an auction stream of {@code events} events when {@code input} is null.
     *
     * @throws IOException when the file cannot be read
     */
    static Workload of(Path input, long events) throws IOException {
        return input == null ? new AuctionStream(events) : WordStream.read(input);
    }
}
