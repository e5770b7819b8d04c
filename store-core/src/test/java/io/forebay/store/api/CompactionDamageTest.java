package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.VerificationReport;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * A compaction that meets a damaged block spreads nothing: what it made is removed, what it read is kept, and it is not tried
 * again. The store takes no writes any more, because every further commit or checkpoint would make a damaged state the newest
 * one there is to return to; what is whole can still be read.
 */
class CompactionDamageTest {
    private static final byte[] NONE = {};

    private final CrashFileStore files = new CrashFileStore();
    private final SteppedEnvironment stepped = new SteppedEnvironment();

    private Store open() {
        return stepped.open(
                files,
                StoreOptions.builder().memtableBytes(64 << 10).blockBytes(256).targetFileBytes(4 << 10));
    }

    private static byte[] key(int i) {
        return String.format("key%05d", i).getBytes(UTF_8);
    }

    private Set<String> tables() {
        Set<String> names = new TreeSet<>(files.list());
        names.removeIf(name -> !name.endsWith(".sst"));
        return names;
    }

    /** A bottom run, and a run above it that overlaps all of it. @return the damaged file */
    private String damagedStore(Store store) {
        for (int i = 0; i < 500; i++) {
            store.put(key(i), ("old " + i).getBytes(UTF_8));
        }
        store.commitDurably(NONE);
        store.compact();
        stepped.executor.drain();
        Set<String> bottom = tables();
        for (int i = 0; i < 500; i += 10) {
            store.put(key(i), ("new " + i).getBytes(UTF_8));
        }
        store.commitDurably("last".getBytes(UTF_8));
        String damaged = bottom.iterator().next();
        files.damage(damaged, files.size(damaged) / 3);
        return damaged;
    }

    @Test
    void damageIsNotSpreadAndStopsWrites() {
        try (Store store = open()) {
            String damaged = damagedStore(store);
            // parts of the key space without damage may be merged before it is met
            assertThatThrownBy(store::compact).satisfies(CompactionDamageTest::isCorruption);
            stepped.executor.drain();
            assertThat(store.verify().remarks()).as("outputs are gone").isEmpty();
            assertThat(tables())
                    .as("inputs are there")
                    .contains(damaged)
                    .hasSize(store.statistics().liveFiles());

            StoreStatistics statistics = store.statistics();
            assertThat(statistics.readOnlyCause()).contains(damaged);
            assertThatThrownBy(() -> store.put(NONE, NONE))
                    .isInstanceOf(ReadOnlyStoreException.class)
                    .hasMessageContaining(damaged)
                    .hasRootCauseInstanceOf(CorruptionException.class);
            assertThatThrownBy(() -> store.commitDurably(NONE)).isInstanceOf(ReadOnlyStoreException.class);

            for (int i = 0; i < 20; i++) {
                stepped.clock.advance(60_000_000_000L);
                stepped.executor.drain();
            }
            assertThat(store.statistics().backgroundFailures())
                    .as("it is not tried again")
                    .isEqualTo(statistics.backgroundFailures());
            assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
            checkReads(store, damaged, 0); // the cache has blocks from before the damage
            assertThat(store.durablePayload()).isEqualTo("last".getBytes(UTF_8));
        }
        assertThat(files.openReaders()).isZero();
    }

    @Test
    void aReopenFindsTheStateOfTheLastCommitAndTheDamageOnceMore() {
        String damaged;
        try (Store store = open()) {
            damaged = damagedStore(store);
            assertThatThrownBy(store::compact).satisfies(CompactionDamageTest::isCorruption);
        }
        stepped.executor.drain();
        try (Store store = open()) {
            assertThat(store.durablePayload()).isEqualTo("last".getBytes(UTF_8));
            checkReads(store, damaged, 1);
            assertThatThrownBy(store::compact).satisfies(CompactionDamageTest::isCorruption);
        }
    }

    /** Every key is read right, or the damage is named; and the damage hides one block of keys only. */
    private void checkReads(Store store, String damaged, int least) {
        int hidden = 0;
        for (int i = 0; i < 500; i++) {
            try {
                String expected = (i % 10 == 0 ? "new " : "old ") + i;
                assertThat(store.get(key(i))).isEqualTo(expected.getBytes(UTF_8));
            } catch (CorruptionException e) {
                assertThat(e.file()).isEqualTo(damaged);
                hidden++;
            }
        }
        assertThat(hidden).isBetween(least, 30);
        assertThat(store.verify().findings())
                .extracting(VerificationReport.Finding::file)
                .isEqualTo(List.of(damaged));
    }

    private static void isCorruption(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        assertThat(root).isInstanceOf(CorruptionException.class);
    }
}
