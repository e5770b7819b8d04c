package io.forebay.bench.stores;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.Consumed;
import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.engines.Setup;
import io.forebay.bench.scenarios.Data;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same calls have the same effects on every engine; otherwise the times compare nothing. */
final class EnginesTest {
    private static final int COUNT = 100;

    @TempDir
    File directory;

    @ParameterizedTest
    @EnumSource(
            value = EngineKind.class,
            names = {"PAIMON", "ROCKSDB_NEWEST"},
            mode = EnumSource.Mode.EXCLUDE)
    void reusedArraysDoNotChangeTheStore(EngineKind kind) {
        byte[] key = new byte[Data.KEY_BYTES];
        byte[] value = new byte[4];
        try (Engine engine = kind.open(directory, Setup.ofKafka())) {
            Data data = new Data(COUNT, 4);
            for (int i = 0; i < COUNT; i++) {
                value[0] = (byte) i;
                engine.put(data.present(i, key), value);
            }
            value[0] = 0;
            for (int i = 0; i < COUNT; i++) {
                assertThat(engine.get(data.present(i))).containsExactly(i, 0, 0, 0);
                assertThat(engine.get(data.absent(i))).isNull();
            }
            engine.delete(data.present(3));
            assertThat(engine.get(data.present(3))).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = EngineKind.class,
            names = {"PAIMON", "ROCKSDB_NEWEST"},
            mode = EnumSource.Mode.EXCLUDE)
    void scansBeginAtTheKeyAndEndAtTheLimit(EngineKind kind) {
        Data data = new Data(1, 4);
        try (Engine engine = kind.open(directory, Setup.ofKafka())) {
            for (int i = 0; i < COUNT; i++) {
                engine.put(data.under(i / 10, i), data.value(i));
            }
            assertThat(engine.scan(data.under(0, 5), 10, false)).isEqualTo(10);
            long sum = 0;
            for (int i = 5; i < 15; i++) {
                sum += Consumed.mix(data.under(i / 10, i), data.value(i));
            }
            assertThat(engine.scannedSum()).isEqualTo(sum);
            assertThat(engine.scan(data.under(9, 95), 10, false)).isEqualTo(5);
            assertThat(engine.scan(data.under(0, 5), 10, true)).isEqualTo(6);
            assertThat(engine.scan(null, Integer.MAX_VALUE, false)).isEqualTo(COUNT);
            assertThat(engine.scan(null, Integer.MAX_VALUE, true)).isEqualTo(COUNT);
            assertThat(engine.scanPrefix(Data.prefix(4))).isEqualTo(10);
            engine.clearPrefix(Data.prefix(4));
            if (kind.can(Set.of(Ability.RANGE_DELETE))) {
                engine.deleteRange(Data.prefix(5));
            } else {
                engine.clearPrefix(Data.prefix(5));
            }
            assertThat(engine.scan(null, Integer.MAX_VALUE, false)).isEqualTo(COUNT - 20);
            assertThat(engine.scan(Data.prefix(4), 3, false)).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = EngineKind.class,
            names = {"PAIMON", "ROCKSDB_NEWEST"},
            mode = EnumSource.Mode.EXCLUDE)
    void appendedElementsAreAllThere(EngineKind kind) {
        byte[] key = "list".getBytes(StandardCharsets.US_ASCII);
        try (Engine engine = kind.open(directory, Setup.ofKafka())) {
            for (int i = 0; i < 10; i++) {
                engine.append(key, new byte[] {(byte) ('a' + i)});
            }
            assertThat(new String(engine.get(key), StandardCharsets.US_ASCII).replace(",", ""))
                    .isEqualTo("abcdefghij");
        }
    }
}
