package io.forebay.kafka.window;

import io.forebay.kafka.offsets.ValueFormat;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.HeadersBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionStore;

/** Supplies session stores; every call of {@link #get()} makes a new one that is not open yet. Times are milliseconds. */
public class SessionSupplier implements SessionBytesStoreSupplier {
    private final String name;
    private final ValueFormat format;
    private final long retention;

    private SessionSupplier(String name, ValueFormat format, long retention) {
        this.name = Objects.requireNonNull(name, "name cannot be null");
        this.format = format;
        this.retention = retention;
    }

    public static SessionBytesStoreSupplier plain(String name, long retention) {
        return new SessionSupplier(name, ValueFormat.PLAIN, retention);
    }

    /** The result is a {@link HeadersBytesStoreSupplier} as well. */
    public static SessionBytesStoreSupplier headers(String name, long retention) {
        return new WithHeaders(name, retention);
    }

    @Override
    public SessionStore<Bytes, byte[]> get() {
        return format == ValueFormat.HEADERS
                ? new ForebayHeadersSessionStore(name, retention, segmentIntervalMs())
                : new ForebaySessionStore(name, retention, segmentIntervalMs());
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
        return Segments.interval(retention);
    }

    @Override
    public long retentionPeriod() {
        return retention;
    }

    @Override
    public String toString() {
        return "ForebaySessionBytesStoreSupplier{name='" + name + "', format=" + format + ", retentionPeriod="
                + retention + ", segmentInterval=" + segmentIntervalMs() + "}";
    }

    private static final class WithHeaders extends SessionSupplier implements HeadersBytesStoreSupplier {
        WithHeaders(String name, long retention) {
            super(name, ValueFormat.HEADERS, retention);
        }
    }
}
