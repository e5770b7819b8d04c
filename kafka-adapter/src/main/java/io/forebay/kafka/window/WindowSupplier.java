package io.forebay.kafka.window;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.ValueFormat;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.HeadersBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;

/** Supplies window stores. Each call of {@link #get()} makes a new store that is not open yet. Times are milliseconds. */
public class WindowSupplier implements WindowBytesStoreSupplier {
    private final String name;
    private final ValueFormat format;
    private final Segments segments;
    private final long windowSize;
    private final boolean retainDuplicates;

    private WindowSupplier(
            String name, ValueFormat format, Segments segments, long windowSize, boolean retainDuplicates) {
        this.name = Objects.requireNonNull(name, "name cannot be null");
        this.format = format;
        this.segments = segments;
        this.windowSize = windowSize;
        this.retainDuplicates = retainDuplicates;
    }

    /** With {@link ValueFormat#HEADERS} the result is a {@link HeadersBytesStoreSupplier} as well. */
    public static WindowBytesStoreSupplier of(
            String name, ValueFormat format, long retention, long windowSize, boolean retainDuplicates) {
        return of(name, format, Segments.plain(retention), windowSize, retainDuplicates);
    }

    /**
     * As {@link #of(String, ValueFormat, long, long, boolean)}, for windows that are read by time when they close.
     * Kafka's own stores for such windows have an index by key if they are for sliding windows or have headers. Reads of
     * a range of keys return rows in the order of that index then, and so do those of the store that is supplied here.
     */
    public static WindowBytesStoreSupplier readWhenClosed(
            String name,
            ValueFormat format,
            long retention,
            long windowSize,
            boolean retainDuplicates,
            boolean slidingWindows) {
        boolean indexed = slidingWindows || format == ValueFormat.HEADERS;
        return of(name, format, Segments.closingWindows(retention, indexed), windowSize, retainDuplicates);
    }

    private static WindowBytesStoreSupplier of(
            String name, ValueFormat format, Segments segments, long windowSize, boolean retainDuplicates) {
        return format == ValueFormat.HEADERS
                ? new WithHeaders(name, segments, windowSize, retainDuplicates)
                : new WindowSupplier(name, format, segments, windowSize, retainDuplicates);
    }

    @Override
    public WindowStore<Bytes, byte[]> get() {
        return segments.timeOrdered() ? KafkaInternals.timeOrdered(store(), segments.indexed()) : store();
    }

    private ForebayWindowStore store() {
        switch (format) {
            case PLAIN:
                return new ForebayWindowStore(name, format, segments, windowSize, retainDuplicates);
            case TIMESTAMPED:
                return new ForebayTimestampedWindowStore(name, segments, windowSize, retainDuplicates);
            case HEADERS:
                return new ForebayHeadersWindowStore(name, segments, windowSize, retainDuplicates);
            default:
                throw new IllegalStateException("No window store for values of format " + format);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String metricsScope() {
        return "forebay-window";
    }

    @Override
    public long segmentIntervalMs() {
        return segments.interval();
    }

    @Override
    public long windowSize() {
        return windowSize;
    }

    @Override
    public boolean retainDuplicates() {
        return retainDuplicates;
    }

    @Override
    public long retentionPeriod() {
        return segments.retention();
    }

    @Override
    public String toString() {
        return "ForebayWindowBytesStoreSupplier{name='" + name + "', format=" + format + ", segments=" + segments
                + ", windowSize=" + windowSize + ", retainDuplicates=" + retainDuplicates + "}";
    }

    private static final class WithHeaders extends WindowSupplier implements HeadersBytesStoreSupplier {
        WithHeaders(String name, Segments segments, long windowSize, boolean retainDuplicates) {
            super(name, ValueFormat.HEADERS, segments, windowSize, retainDuplicates);
        }
    }
}
