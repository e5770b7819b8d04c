package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.FileStore;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.time.Duration;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.appender.AppenderLoggingException;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The disk of the log was full as well, and an appender threw in the middle of a failure or a repair. The steps behind the message were
 * left out: no alarm for the next repair, and no work for what had waited for it.
 */
class LogThrowsTest {
    private static final String HANDLER = "io.forebay.store.db.background.BackgroundErrorHandler";
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final SteppedEnvironment environment = new SteppedEnvironment();
    private int failures;
    private String throwsAt;
    private boolean thrown;
    private boolean throwsAgain;

    private final FileStore files = new ForwardingFileStore(new CrashFileStore()) {
        @Override
        public WritableFile create(String name) throws IOException {
            if (failures > 0) {
                failures--;
                throw new IOException("no space");
            }
            return super.create(name);
        }

        @Override
        public void syncDirectory() throws IOException {
            if (failures > 0) {
                failures--;
                throw new IOException("no space");
            }
            super.syncDirectory();
        }
    };

    private final AbstractAppender appender = new AbstractAppender("full", null, null, false, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            if ((!thrown || throwsAgain)
                    && event.getMessage().getFormattedMessage().contains(throwsAt)) {
                thrown = true;
                throw new AppenderLoggingException("the disk of the log is full");
            }
        }
    };

    private Logger logger;

    @BeforeEach
    void throwFromTheLog() {
        Configurator.setLevel(HANDLER, Level.DEBUG);
        logger = (Logger) LogManager.getLogger(HANDLER);
        appender.start();
        logger.addAppender(appender);
    }

    @AfterEach
    void close() {
        logger.removeAppender(appender);
        appender.stop();
        Configurator.setLevel(HANDLER, Level.WARN);
        environment.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"failed, so it takes no writes", "Another attempt", "takes writes again"})
    void theStoreIsRepairedAndItsCommitMadeDurable(String message) {
        throwsAt = message;
        Store store = environment.open(files);
        store.put("key".getBytes(UTF_8), new byte[100]);
        failures = 2;
        assertThatThrownBy(() -> store.commitDurably(new byte[] {1}))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("by itself");
        for (int repair = 0; repair < 3; repair++) {
            environment.clock.advance(MINUTE);
            environment.executor.drain();
        }
        assertThat(thrown).as("the log threw").isTrue();
        assertThat(store.statistics().readOnlyCause()).isNull();
        assertThat(store.durablePayload()).containsExactly(1);
        store.put("key".getBytes(UTF_8), new byte[100]);
        store.commit(new byte[] {2});
        environment.clock.advance(MINUTE);
        environment.executor.drain();
        assertThat(store.durablePayload()).containsExactly(2);
    }

    /** It counted as open for ever, and the store took no other writes. */
    @Test
    void anIngestThatFailsEnds() {
        throwsAt = "";
        throwsAgain = true;
        Store store = environment.open(files);
        SortedIngest ingest = store.ingest();
        ingest.add("key".getBytes(UTF_8), new byte[100]);
        failures = 1;
        assertThatThrownBy(ingest::finish).isInstanceOf(StoreIoException.class).hasRootCauseMessage("no space");
        assertThat(thrown).isTrue();
        throwsAgain = false;
        ingest.close();
        store.resume();
        store.put("key".getBytes(UTF_8), new byte[100]);
        store.flush();
        store.ingest().close();
    }

    /** Its alarm rang while the store was read-only, and its rows are in no memtable that the repair flushes. */
    @Test
    void aCommitThatCameBeforeTheFailureIsMadeDurable() {
        throwsAt = "takes writes again";
        Store store = environment.open(files, StoreOptions.builder().commitInterval(Duration.ofMillis(50)));
        store.put("key".getBytes(UTF_8), new byte[100]);
        failures = 1;
        try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            store.put("key".getBytes(UTF_8), new byte[200]);
            store.commit(new byte[] {2});
            environment.executor.drain();
            assertThat(checkpoint.completion()).isCompletedExceptionally();
            environment.clock.advance(Duration.ofMillis(60).toNanos());
            environment.executor.drain();
            assertThat(store.statistics().readOnlyCause()).isNotNull();
        }
        environment.clock.advance(MINUTE);
        environment.executor.drain();
        assertThat(thrown).as("the log threw").isTrue();
        environment.clock.advance(Duration.ofMillis(60).toNanos());
        environment.executor.drain();
        assertThat(store.durablePayload()).containsExactly(2);
    }
}
