package io.forebay.kafka.window;

import io.forebay.kafka.offsets.ValueFormat;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.HeadersBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionStore;

/** Supplies session stores. Each call of {@link #get()} makes a new store that is not open yet. Times are milliseconds. */
public class SessionSupplier implements SessionBytesStoreSupplier {
    private final String name;
    private final ValueFormat format;
    private final Segments segments;

    private SessionSupplier(String name, ValueFormat format, Segments segments) {
        this.name = Objects.requireNonNull(name, "name cannot be null");
        this.format = format;
        this.segments = segments;
    }

    /** With {@link ValueFormat#HEADERS} the result is a {@link HeadersBytesStoreSupplier} as well. */
    public static SessionBytesStoreSupplier of(String name, ValueFormat format, long retention) {
        return of(name, format, Segments.plain(retention));
    }

    /** As {@link #of(String, ValueFormat, long)}, for sessions that are read by their end when they close. */
    public static SessionBytesStoreSupplier readWhenClosed(String name, ValueFormat format, long retention) {
        return of(name, format, Segments.closingSessions(retention));
    }

    private static SessionBytesStoreSupplier of(String name, ValueFormat format, Segments segments) {
        return format == ValueFormat.HEADERS
                ? new WithHeaders(name, segments)
                : new SessionSupplier(name, format, segments);
    }

    @Override
    public SessionStore<Bytes, byte[]> get() {
        return format == ValueFormat.HEADERS
                ? new ForebayHeadersSessionStore(name, segments)
                : new ForebaySessionStore(name, segments);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String metricsScope() {
        return "forebay-session";
    }

    @Override
    public long segmentIntervalMs() {
        return segments.interval();
    }

    @Override
    public long retentionPeriod() {
        return segments.retention();
    }

    @Override
    public String toString() {
        return "ForebaySessionBytesStoreSupplier{name='" + name + "', format=" + format + ", segments=" + segments
                + "}";
    }

    private static final class WithHeaders extends SessionSupplier implements HeadersBytesStoreSupplier {
        WithHeaders(String name, Segments segments) {
            super(name, ValueFormat.HEADERS, segments);
        }
    }
}
