package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code compact()} beside a steady writer did not return: it went on to compact what the writer brought. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndlessCompactTest {
    private static final int KEYS = 50;
    /** Behind so many flushes the writer gives up, and a compaction that waits for it ends. */
    private static final int MOST_FLUSHES = 20 * KEYS;

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private boolean writing;
    private int flushes;

    private final Store store = stepped.open(
            new CrashFileStore(), StoreOptions.builder().compactionFilter((key, keyLength, value, valueLength) -> {
                if (writing && flushes < MOST_FLUSHES) {
                    writing = false; // nor within what is run here
                    flushes++;
                    elsewhere(() -> {
                        put("new " + flushes % KEYS);
                        store().commitDurably(new byte[0]);
                    });
                    writing = true;
                }
                return false;
            }));

    private Store store() {
        return store;
    }

    private void put(String key) {
        store().put(key.getBytes(UTF_8), new byte[100]);
    }

    private static void elsewhere(Runnable work) {
        FutureTask<Void> task = new FutureTask<>(work, null);
        new Thread(task, "writer").start();
        try {
            task.get();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aCompactEndsWithWhatWasThereWhenItWasAskedFor() {
        for (int i = 0; i < KEYS; i++) {
            put("old " + i);
        }
        store.commitDurably(new byte[0]);
        for (int i = 0; i < KEYS; i++) {
            put("old " + i);
        }
        store.commitDurably(new byte[0]);
        writing = true;
        store.compact();
        writing = false;
        assertThat(flushes).isBetween(1, MOST_FLUSHES - 1);
        assertThat(store.statistics().readOnlyCause()).isNull();
        stepped.close();
    }
}
