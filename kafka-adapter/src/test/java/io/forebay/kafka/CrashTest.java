package io.forebay.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.state.ForebayStateStore;
import io.forebay.store.testing.Seeds;
import java.io.File;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.query.Position;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** After a JVM was halted, rows, offset and position of a store are those of one and the same commit. */
class CrashTest {
    private static final int ROUNDS = 4;

    @TempDir
    File dir;

    @Test
    void everythingIsAsOfOneCommit() {
        Seeds.run(getClass(), 1, seed -> {
            long[] reached = new long[StoreFlavour.values().length];
            for (int round = 0; round < ROUNDS; round++) {
                crash(seed + round, round == 1);
                for (StoreFlavour flavour : StoreFlavour.values()) {
                    reached[flavour.ordinal()] = check(flavour, reached[flavour.ordinal()]);
                }
            }
            assertThat(reached).as("commits that became durable before a crash").doesNotContain(0);
        });
    }

    private void crash(long seed, boolean durably) {
        File output = new File(dir, "child.log");
        Process child;
        try {
            child = new ProcessBuilder(
                            new File(System.getProperty("java.home"), "bin/java").getPath(),
                            "-Xmx256m",
                            "-XX:MaxDirectMemorySize=512m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            CrashChild.class.getName(),
                            new File(dir, "state").getPath(),
                            String.valueOf(seed),
                            String.valueOf(durably))
                    .redirectErrorStream(true)
                    .redirectOutput(output)
                    .start();
            boolean ended = child.waitFor(5, TimeUnit.MINUTES);
            child.destroyForcibly();
            assertThat(ended).as("the child halts itself").isTrue();
            assertThat(child.exitValue())
                    .as(() -> "the child halts itself; it said: " + text(output))
                    .isEqualTo(99);
        } catch (java.io.IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(File file) {
        try {
            return Files.readString(file.toPath());
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }

    private long check(StoreFlavour flavour, long reachedBefore) {
        ForebayStateStore store = (ForebayStateStore) flavour.create(CrashChild.name(flavour));
        store.init(CrashChild.context(new File(dir, "state")), store);
        Long offset = store.committedOffset(CrashChild.CHANGELOG);
        long n = offset == null ? 0 : offset;
        assertThat(n).as("offset of %s", flavour).isGreaterThanOrEqualTo(reachedBefore);
        assertThat(flavour.get(store, "newest")).isEqualTo(n == 0 ? null : String.valueOf(n));
        for (int key = 0; key < CrashChild.KEYS; key++) {
            long newest = n - Math.floorMod(n - key, CrashChild.KEYS);
            assertThat(flavour.get(store, "key-" + key))
                    .as("row %d of %s at offset %d", key, flavour, n)
                    .isEqualTo(newest <= 0 ? null : String.valueOf(newest));
        }
        assertThat(store.getPosition())
                .isEqualTo(
                        n == 0
                                ? Position.emptyPosition()
                                : Position.emptyPosition().withComponent("in", 0, n));
        store.close();
        return n;
    }
}
