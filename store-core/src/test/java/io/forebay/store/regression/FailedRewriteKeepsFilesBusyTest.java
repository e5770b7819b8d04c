package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Clock;
import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * The rewriting of an old file failed, and so did the note that it is to be tried later. The compaction counted as under way for ever:
 * its files were never compacted or deleted, and {@code compact()} waited for it.
 */
class FailedRewriteKeepsFilesBusyTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final ManualClock time = new ManualClock();
    private final SteppedExecutor executor = new SteppedExecutor(time);
    private boolean filterThrows;
    private boolean clockThrows;

    /** Code of the user, which may throw. */
    private final Clock clock = new Clock() {
        @Override
        public long nanoTime() {
            if (clockThrows
                    && StackWalker.getInstance()
                            .walk(frames -> frames.limit(8)
                                    .anyMatch(frame -> frame.getMethodName().equals("postpone")))) {
                clockThrows = false;
                throw new IllegalStateException("no time");
            }
            return time.nanoTime();
        }

        @Override
        public long currentTimeMillis() {
            return time.currentTimeMillis();
        }
    };

    @Test
    void compactGoesOn() {
        CrashFileStore files = new CrashFileStore();
        try (Environment environment = Environment.builder()
                .memoryBytes(8 << 20)
                .clock(clock)
                .executor(executor)
                .build()) {
            Store store = environment.open(
                    files,
                    StoreOptions.builder()
                            .name("test")
                            .periodicCompaction(Duration.ofHours(2))
                            .compactionFilter((key, keyLength, value, valueLength) -> {
                                if (filterThrows) {
                                    throw new IllegalArgumentException("broken filter");
                                }
                                return false;
                            })
                            .build());
            store.put(KEY, KEY);
            store.commitDurably(new byte[0]);
            store.compact();
            filterThrows = true;
            clockThrows = true;
            for (int hour = 0; hour < 4; hour++) {
                time.advance(Duration.ofHours(1).toNanos());
                executor.drain();
            }
            assertThat(clockThrows).as("a rewrite was to be postponed").isFalse();
            filterThrows = false;
            store.resume();
            store.put(KEY, new byte[100]);
            store.compact();
            executor.drain();
            assertThat(files.list().stream().filter(name -> name.endsWith(".sst")))
                    .hasSize(store.statistics().liveFiles());
        }
    }
}
