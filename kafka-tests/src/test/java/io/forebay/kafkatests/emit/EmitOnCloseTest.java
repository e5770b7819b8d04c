package io.forebay.kafkatests.emit;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.RocksDBDslStoreSuppliers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Operators that put windows and sessions out when they close: on Forebay the same rows in the same order as on RocksDB,
 * with Kafka's record cache and without it, however often they look for closed windows and however fast time goes by. What
 * comes behind its time is dropped by windows without grace downstream: of the same rows, on both.
 */
class EmitOnCloseTest {
    private static final int RECORDS = 350;

    static Stream<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (EmitRun.Windows windows : EmitRun.Windows.values()) {
            for (boolean cached : new boolean[] {true, false}) {
                for (int emitInterval : new int[] {0, 1_000}) {
                    for (Duration retention : new Duration[] {null, Duration.ofDays(1)}) {
                        cases.add(Arguments.of(windows, cached, emitInterval, retention));
                    }
                }
            }
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{0}, cached: {1}, looked for every {2} ms, retained for {3}")
    @MethodSource("cases")
    void theSameRowsInTheSameOrderAsOnRocksDb(
            EmitRun.Windows windows, boolean cached, int emitInterval, Duration retention) {
        SeededRuns.run(getClass(), 1, seed -> {
            Random random = new Random(seed);
            // real time, a minute in a second, and what catching up comes to
            compare(random, windows, cached, emitInterval, retention, new int[] {1, 60, 1_440}[random.nextInt(3)]);
        });
    }

    /**
     * Of tumbling windows several close together only when they are looked for once in a while, and are retained until then: no
     * two are open longer than the grace, so each is emitted alone otherwise, in the order of its keys. Here about eight come out
     * at once, and in the order of time only if the record cache keeps it.
     */
    @Test
    void tumblingWindowsThatCloseTogether() {
        SeededRuns.run(
                getClass(),
                2,
                seed -> compare(
                        new Random(seed), EmitRun.Windows.TUMBLING_OF_7_SECONDS, true, 1_000, Duration.ofDays(1), 60));
    }

    private static void compare(
            Random random, EmitRun.Windows windows, boolean cached, int emitInterval, Duration retention, int speed) {
        String format = random.nextBoolean() ? "DEFAULT" : "HEADERS";
        List<EmitRun.Input> input = input(random);
        EmitRun rocksDb = new EmitRun(RocksDBDslStoreSuppliers.class, windows, cached, retention);
        EmitRun forebay = new EmitRun(ForebayDslStoreSuppliers.class, windows, cached, retention);
        rocksDb.run(input, speed, emitInterval, format);
        forebay.run(input, speed, emitInterval, format);
        assertThat(forebay.output()).as("at speed %d, format %s", speed, format).isEqualTo(rocksDb.output());
        assertThat(forebay.downstream()).isEqualTo(rocksDb.downstream());
        assertThat(forebay.dropped()).isEqualTo(rocksDb.dropped());
        assertThat(forebay.stores()).isEqualTo("FOREBAY FOREBAY");
        assertThat(rocksDb.stores()).isEqualTo("ROCKS_DB ROCKS_DB");
        if (speed == 1) {
            assertThat(rocksDb.output()).hasSizeGreaterThan(20);
        }
    }

    /** Time moves on by 2 seconds at most, and sometimes by more; some records are late. Keys are prefixes of each other. */
    private static List<EmitRun.Input> input(Random random) {
        List<EmitRun.Input> input = new ArrayList<>();
        long now = 1_000_000;
        for (int i = 0; i < RECORDS; i++) {
            now += random.nextInt(50) == 0 ? random.nextInt(40_000) : random.nextInt(2_000);
            int lateness = random.nextInt(10);
            long late = lateness == 0 ? random.nextInt(60_000) : lateness < 4 ? random.nextInt(8_000) : 0;
            input.add(new EmitRun.Input("k".repeat(1 + random.nextInt(3)) + random.nextInt(3), now - late));
        }
        return input;
    }
}
