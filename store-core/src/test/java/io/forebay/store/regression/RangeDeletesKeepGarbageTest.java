package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What range deletes hide was looked up for one in several of them, counted by sequence numbers of whole files, and only in stores with value
 * files; where values were the smaller part, tiers of nothing but range deletes did not count. Stores at rest kept up to sixteen times what is
 * live.
 */
class RangeDeletesKeepGarbageTest {
    private static final double MOST = 1.6;

    private final SteppedEnvironment stepped = new SteppedEnvironment(64 << 20);
    private final CrashFileStore files = new CrashFileStore();
    private final Random random = new Random(7);

    @AfterEach
    void close() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
    }

    private static StoreOptions.Builder options() {
        return StoreOptions.builder().valueFileThreshold(1000);
    }

    private static byte[] key(String prefix, int i) {
        return String.format("%s%08d", prefix, i).getBytes(UTF_8);
    }

    private byte[] value(int bytes) {
        byte[] value = new byte[bytes];
        random.nextBytes(value);
        return value;
    }

    private void toTheBottom(Store store) {
        store.commitDurably(new byte[0]);
        store.compact();
        stepped.executor.drain();
    }

    private void flush(Store store) {
        store.commitDurably(new byte[0]);
        store.flush();
        stepped.executor.drain();
    }

    /** Bytes of all files for each byte that is live. */
    private static double space(Store store) {
        long live = 0;
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                live += iterator.keyLength() + iterator.valueLength();
            }
        }
        StoreStatistics now = store.statistics();
        return (double) (now.liveFileBytes() + now.valueFileBytes()) / live;
    }

    private void checkAtRest(Store store) {
        stepped.executor.drain();
        assertThat(space(store)).isLessThan(MOST);
        long compactions = store.statistics().compactions();
        flush(store);
        assertThat(store.statistics().compactions()).isEqualTo(compactions);
    }

    @Test
    void ofATierOfNothingElseWhereValuesAreTheSmallerPart() {
        try (Store store = stepped.open(files, options())) {
            for (int i = 0; i < 4_000; i++) {
                store.put(key("a", i), value(i % 10 == 0 ? 2_000 : 300));
            }
            toTheBottom(store);
            store.deleteRange(key("a", 200), key("a", 3_800));
            flush(store);
            checkAtRest(store);
        }
    }

    /** One that hides much among many that hide nothing. */
    private void fillForOneOfMany(Store store) {
        for (int i = 0; i < 500; i++) {
            store.put(key("a", i), value(4_000));
        }
        for (int i = 0; i < 100; i++) {
            store.put(key("b", i), value(10));
        }
        toTheBottom(store);
        store.deleteRange(key("a", 20), key("a", 490));
        for (int i = 0; i < 2_000; i++) {
            String between = new String(key("b", i / 20), UTF_8) + i % 20;
            store.deleteRange((between + "x").getBytes(UTF_8), (between + "y").getBytes(UTF_8));
        }
    }

    @Test
    void ofOneAmongThousands() {
        try (Store store = stepped.open(files, options())) {
            fillForOneOfMany(store);
            flush(store);
            checkAtRest(store);
        }
    }

    /** A part of a store that was restored shows one range delete of a file that has thousands. */
    @Test
    void ofTheOneThatARestoreShows() throws Exception {
        CrashFileStore backup = new CrashFileStore();
        byte[] metadata;
        try (Store store = stepped.open(files, options())) {
            fillForOneOfMany(store);
            Checkpoint checkpoint = store.checkpoint(new byte[0]);
            while (!checkpoint.completion().isDone()) {
                stepped.executor.step();
            }
            checkpoint.writeTo(backup);
            metadata = checkpoint.metadata();
            checkpoint.close();
        }
        KeyRange part = KeyRange.of("a".getBytes(UTF_8), "b".getBytes(UTF_8));
        try (Store store = stepped.environment.restore(
                new CrashFileStore(),
                options().name("part").build(),
                List.of(new RestoreSource(backup, metadata, part)),
                new byte[0])) {
            checkAtRest(store);
        }
    }

    /** Snapshots were open when it was written: one range delete with hundreds of sequence numbers. */
    @Test
    void ofOneWithManySequenceNumbers() {
        try (Store store = stepped.open(files, options())) {
            for (int i = 0; i < 500; i++) {
                store.put(key("a", i), value(4_000));
            }
            toTheBottom(store);
            List<Snapshot> snapshots = new ArrayList<>();
            for (int n = 0; n < 400; n++) {
                store.deleteRange(key("a", 20), key("a", 490));
                snapshots.add(store.snapshot());
            }
            flush(store);
            snapshots.forEach(Snapshot::close);
            store.put(key("c", 1), value(1));
            flush(store);
            checkAtRest(store);
        }
    }

    /** Nine tenths of each SST, in small pieces, with and without value files, in one tier and in several. */
    @Test
    void ofPartsOfManyFiles() {
        for (int longValues : new int[] {0, 2, 10}) {
            for (int tiers : new int[] {1, 3}) {
                CrashFileStore place = new CrashFileStore();
                StoreOptions.Builder options = StoreOptions.builder()
                        .valueFileThreshold(longValues == 0 ? 0 : 1000)
                        .targetFileBytes(16 << 10);
                try (Store store = stepped.open(place, options)) {
                    for (int i = 0; i < 8_000; i++) {
                        store.put(key("a", i), value(i % 20 < longValues ? 2_000 : 300));
                    }
                    toTheBottom(store);
                    for (int tier = 0; tier < tiers; tier++) {
                        int length = 90 / tiers;
                        for (int i = tier * length; i < 8_000; i += 100) {
                            store.deleteRange(key("a", i), key("a", i + length));
                        }
                        flush(store);
                    }
                    checkAtRest(store);
                }
            }
        }
    }
}
