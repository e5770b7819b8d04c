package io.forebay.kafka.window;

import io.forebay.kafka.offsets.ValueFormat;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.HeadersBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;

/** Supplies window stores; every call of {@link #get()} makes a new one that is not open yet. Times are milliseconds. */
public class WindowSupplier implements WindowBytesStoreSupplier {
    private final String name;
    private final ValueFormat format;
    private final long retention;
    private final long windowSize;
    private final boolean retainDuplicates;

    private WindowSupplier(String name, ValueFormat format, long retention, long windowSize, boolean retainDuplicates) {
        this.name = Objects.requireNonNull(name, "name cannot be null");
        this.format = format;
        this.retention = retention;
        this.windowSize = windowSize;
        this.retainDuplicates = retainDuplicates;
    }

    /** With {@link ValueFormat#HEADERS} the result is a {@link HeadersBytesStoreSupplier} as well. */
    public static WindowBytesStoreSupplier of(
            String name, ValueFormat format, long retention, long windowSize, boolean retainDuplicates) {
        return format == ValueFormat.HEADERS
                ? new WithHeaders(name, retention, windowSize, retainDuplicates)
                : new WindowSupplier(name, format, retention, windowSize, retainDuplicates);
    }

    @Override
    public WindowStore<Bytes, byte[]> get() {
        switch (format) {
            case PLAIN:
                return new ForebayWindowStore(
                        name, format, retention, segmentIntervalMs(), windowSize, retainDuplicates);
            case TIMESTAMPED:
                return new ForebayTimestampedWindowStore(
                        name, retention, segmentIntervalMs(), windowSize, retainDuplicates);
            case HEADERS:
                return new ForebayHeadersWindowStore(
                        name, retention, segmentIntervalMs(), windowSize, retainDuplicates);
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
        return Segments.interval(retention);
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
        return retention;
    }

    @Override
    public String toString() {
        return "ForebayWindowBytesStoreSupplier{name='" + name + "', format=" + format + ", retentionPeriod="
                + retention
                + ", segmentInterval=" + segmentIntervalMs() + ", windowSize=" + windowSize + ", retainDuplicates="
                + retainDuplicates + "}";
    }

    private static final class WithHeaders extends WindowSupplier implements HeadersBytesStoreSupplier {
        WithHeaders(String name, long retention, long windowSize, boolean retainDuplicates) {
            super(name, ValueFormat.HEADERS, retention, windowSize, retainDuplicates);
        }
    }
}
