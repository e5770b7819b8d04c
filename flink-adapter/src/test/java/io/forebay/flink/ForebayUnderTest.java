package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.runtime.state.storage.JobManagerCheckpointStorage;

/** The backend as the published suites get it, with proof that they used it. */
public final class ForebayUnderTest extends ForebayStateBackend {
    private static final long serialVersionUID = 1L;
    private static final AtomicInteger CREATED = new AtomicInteger();

    private final Configuration options;

    private ForebayUnderTest(Configuration options) {
        super(options);
        this.options = options;
    }

    /** How a suite runs the backend. */
    public record Mode(boolean fileStorage, boolean incremental, ForebayOptions.TimerService timers) {
        public ForebayUnderTest backend(File localDirectory) {
            Configuration options = new Configuration();
            options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, incremental);
            options.set(ForebayOptions.TIMER_SERVICE_FACTORY, timers);
            options.set(ForebayOptions.LOCAL_DIRECTORIES, localDirectory.getAbsolutePath());
            return new ForebayUnderTest(options);
        }

        public CheckpointStorage storage(File directory) {
            return fileStorage
                    ? new FileSystemCheckpointStorage(new Path(directory.toURI()), 0, -1)
                    : new JobManagerCheckpointStorage();
        }

        @Override
        public String toString() {
            return (fileStorage ? "file storage" : "JobManager storage") + (incremental ? ", incremental" : ", full")
                    + ", timers " + timers;
        }
    }

    @Override
    public ForebayStateBackend configure(ReadableConfig config, ClassLoader classLoader) {
        ForebayUnderTest configured = new ForebayUnderTest(options);
        configured.latencyTrackingConfigBuilder = latencyTrackingConfigBuilder.configure(config);
        configured.sizeTrackingConfigBuilder = sizeTrackingConfigBuilder.configure(config);
        return configured;
    }

    @Override
    public <K> AbstractKeyedStateBackend<K> createKeyedStateBackend(KeyedStateBackendParameters<K> parameters)
            throws IOException {
        AbstractKeyedStateBackend<K> created = super.createKeyedStateBackend(MetadataTrip.of(parameters));
        assertThat(created).isExactlyInstanceOf(ForebayKeyedStateBackend.class);
        CREATED.incrementAndGet();
        return created;
    }

    /**
     * Fails unless the suite has used at least as many Forebay backends since the last call, and restored some of them, from
     * handles that were in a metadata file.
     */
    public static void assertUsed(int atLeast) {
        assertThat(CREATED.getAndSet(0)).as("Forebay backends created").isGreaterThanOrEqualTo(atLeast);
        assertThat(MetadataTrip.takeCount()).as("handles read from metadata").isPositive();
    }
}
