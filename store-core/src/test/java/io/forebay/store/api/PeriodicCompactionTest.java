package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Keys that rise with time, and values that a compaction filter may drop later: their files are moved to the bottom, and no new
 * file ever overlaps them, so that only their age, or a full compaction, brings them before the filter again.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PeriodicCompactionTest {
    private static final long DAY_NANOS = Duration.ofDays(1).toNanos();
    private static final int KEYS_OF_A_FILE = 50;

    private final CrashFileStore files = new CrashFileStore();
    private final SteppedEnvironment stepped = new SteppedEnvironment();
    /** Values of keys below this one may be dropped. */
    private long liveFrom;
    /** Numbers of the files whose entries the filter was asked about, in that order. */
    private final List<Long> asked = new ArrayList<>();

    /** Run within the jobs that ask the filter. */
    private Runnable meanwhile = () -> {};

    private long written;
    private Store store;

    @AfterEach
    void close() {
        stepped.close();
    }

    private StoreOptions.Builder options() {
        return StoreOptions.builder().compactionFilter((key, keyLength, value, valueLength) -> {
            long number = ByteBuffer.wrap(key).getLong();
            if (number % KEYS_OF_A_FILE == 0) {
                asked.add(number / KEYS_OF_A_FILE);
                meanwhile.run();
            }
            return number < liveFrom;
        });
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }

    /** Writes one file, which is moved to the bottom, and on whose way the filter drops nothing. */
    private void writeFile() {
        putFile();
        store.commitDurably(new byte[0]);
        stepped.executor.drain();
        asked.clear();
    }

    private void putFile() {
        byte[] value = new byte[200];
        new Random(written).nextBytes(value); // too long for small files, which are merged and not moved
        for (int i = 0; i < KEYS_OF_A_FILE; i++) {
            store.put(key(written++), value);
        }
    }

    private void open(StoreOptions.Builder options) {
        store = stepped.open(files, options.targetFileBytes(16384));
    }

    private void pass(double days) {
        stepped.clock.advance((long) (days * DAY_NANOS));
        stepped.executor.drain();
    }

    private long entries() {
        return store.statistics().estimatedEntries();
    }

    private List<Long> keys() {
        List<Long> keys = new ArrayList<>();
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                keys.add(ByteBuffer.wrap(iterator.key()).getLong());
            }
        }
        return keys;
    }

    private void assertLiveFrom(long first) {
        assertThat(entries()).isEqualTo(written - first);
        List<Long> keys = keys();
        assertThat(keys).hasSize((int) (written - first));
        assertThat(new TreeSet<>(keys).first()).isEqualTo(first);
    }

    @Test
    void aFullCompactionAsksAboutEachFileThatWasThere() {
        open(options());
        for (int i = 0; i < 5; i++) {
            writeFile();
        }
        assertThat(store.statistics().trivialMoves()).isEqualTo(5);
        putFile();
        liveFrom = 4 * KEYS_OF_A_FILE + 7;
        store.compact();
        assertLiveFrom(liveFrom);
        assertThat(asked)
                .as("what the call itself has written is not asked about again")
                .containsExactlyInAnyOrder(5L, 0L, 1L, 2L, 3L, 4L);
        asked.clear();
        store.compact();
        assertThat(asked).containsExactlyInAnyOrder(5L); // key 4 * KEYS_OF_A_FILE has gone
        assertLiveFrom(liveFrom);
    }

    @Test
    void aFullCompactionWithoutAFilterLeavesFilesAlone() {
        open(StoreOptions.builder());
        for (int i = 0; i < 3; i++) {
            writeFile();
        }
        store.compact();
        assertThat(store.statistics().compactions()).isZero();
    }

    @Test
    void oldFilesAreRewrittenOneAtATimeOldestFirst() {
        open(options());
        writeFile();
        pass(10);
        writeFile();
        pass(10);
        writeFile();
        pass(9.9);
        assertThat(asked).isEmpty();
        liveFrom = written;
        pass(0.2);
        assertThat(asked).containsExactly(0L);
        assertLiveFrom(KEYS_OF_A_FILE);
        pass(9.5);
        assertThat(asked).containsExactly(0L);
        List<Long> seen = new ArrayList<>();
        meanwhile = () -> {
            stepped.executor.drain(); // what may run beside the job
            seen.addAll(asked);
        };
        pass(11); // two at once
        assertThat(seen).containsExactly(0L, 1L, 0L, 1L, 2L);
        assertThat(asked).containsExactly(0L, 1L, 2L);
        assertThat(entries()).isZero();
        assertThat(store.statistics().liveFiles()).isZero();
        pass(100);
        assertThat(asked).hasSize(3);
    }

    @Test
    void aFileThatStaysIsSeenOnceInAPeriod() {
        open(options().periodicCompaction(Duration.ofDays(1)));
        writeFile();
        for (int i = 1; i <= 3; i++) {
            pass(0.99);
            assertThat(asked).hasSize(i - 1);
            pass(0.02);
            assertThat(asked).hasSize(i);
            assertLiveFrom(0);
        }
    }

    @Test
    void whatWasRewrittenForAnotherReasonIsYoung() {
        open(options());
        writeFile();
        pass(20);
        store.compact();
        assertThat(asked).containsExactly(0L);
        pass(20);
        assertThat(asked).containsExactly(0L);
        pass(11);
        assertThat(asked).containsExactly(0L, 0L);
    }

    @Test
    void theAgeOutlivesAReopenAndARestore() {
        open(options());
        writeFile();
        writeFile();
        pass(20);
        CrashFileStore backup = new CrashFileStore();
        byte[] metadata;
        try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            stepped.executor.drain();
            checkpoint.writeTo(backup);
            metadata = checkpoint.metadata();
        }
        store.close();
        open(options());
        stepped.executor.drain();
        pass(9);
        assertThat(asked).isEmpty();
        liveFrom = written;
        pass(2);
        assertThat(asked).containsExactly(0L, 1L);
        assertThat(entries()).isZero();
        store.close();
        asked.clear();
        KeyRange part = KeyRange.of(key(10), key(70));
        store = stepped.environment.restore(
                new CrashFileStore(),
                options().name("restored").build(),
                List.of(new RestoreSource(backup, metadata, part)),
                new byte[0]);
        stepped.executor.drain();
        assertThat(asked).containsExactly(1L);
        assertThat(entries()).isZero();
    }

    @Test
    void aCloseLeavesNoAlarm() {
        open(options());
        writeFile();
        assertThat(stepped.executor.alarms()).isEqualTo(1);
        store.close();
        assertThat(stepped.executor.alarms()).isZero();
    }

    @Test
    void otherWorkComesFirst() {
        open(options());
        writeFile();
        stepped.clock.advance(40 * DAY_NANOS);
        for (int i = 0; i < 6; i++) { // as much as the bottom
            store.put(key(1), new byte[1000]);
            store.put(key(2), new byte[1000]);
            store.commitDurably(new byte[0]);
        }
        assertThat(asked).isEmpty();
        stepped.executor.drain();
        assertThat(asked).as("the merge has seen the file").containsExactly(0L);
    }

    @Test
    void nothingIsRewrittenWithoutFilterOrPeriod() {
        open(StoreOptions.builder().periodicCompaction(Duration.ofSeconds(1)));
        writeFile();
        pass(1000);
        assertThat(store.statistics().compactions()).isZero();
        store.close();
        open(options().periodicCompaction(Duration.ZERO));
        liveFrom = written;
        pass(1000);
        assertThat(store.statistics().compactions()).isZero();
        assertThat(asked).isEmpty();
        assertLiveFrom(0);
    }

    @Test
    void aFilterThatIsNewSeesFilesOfBefore() {
        open(StoreOptions.builder());
        writeFile();
        store.close();
        liveFrom = written;
        open(options());
        pass(31);
        assertThat(entries()).isZero();
    }

    @Test
    void thePeriodMayChangeWhileTheStoreIsOpen() {
        Duration[] period = {Duration.ZERO};
        open(options().periodicCompaction(() -> period[0]));
        writeFile();
        pass(100);
        assertThat(asked).isEmpty();
        period[0] = Duration.ofDays(50);
        liveFrom = written;
        pass(0.05);
        assertThat(entries()).isZero();
    }

    @Test
    void aPeriodOutOfRangeIsRefused() {
        StoreOptions.Builder builder = StoreOptions.builder();
        assertThatThrownBy(() -> builder.periodicCompaction(Duration.ofMillis(999)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("periodicCompaction is PT0.999S, must be zero, or 1 s or more");
        assertThatThrownBy(() -> builder.periodicCompaction(Duration.ofDays(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        Duration[] period = {Duration.ofDays(-1)};
        open(options().periodicCompaction(() -> period[0]));
        putFile();
        store.commitDurably(new byte[0]);
        stepped.executor.drain();
        assertThat(store.statistics().readOnlyCause()).contains("periodicCompaction is PT-24H");
        period[0] = Duration.ofSeconds(Long.MAX_VALUE);
        store.resume();
        stepped.executor.drain();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    @Test
    void whatASnapshotNeedsStaysAndTheFileIsNotRewrittenOverAndOver() {
        open(options());
        writeFile();
        liveFrom = written;
        try (Snapshot snapshot = store.snapshot()) {
            pass(31);
            assertThat(store.statistics().compactions()).isEqualTo(1);
            assertThat(snapshot.get(key(3))).isNotNull();
            assertThat(entries()).isEqualTo(written);
        }
        pass(29);
        assertThat(entries()).isEqualTo(written);
        pass(2);
        assertThat(entries()).isZero();
    }

    @Test
    void aRewritingThatFailsIsTriedAgain() {
        FaultInjector faults = new FaultInjector();
        store = stepped.open(new FaultFileStore(files, faults), options().targetFileBytes(16384));
        writeFile();
        liveFrom = written;
        stepped.clock.advance(31 * DAY_NANOS);
        faults.arm(FaultInjector.Fault.IO_ERROR, 1, true);
        stepped.executor.drain();
        assertThat(entries()).isEqualTo(written);
        assertThat(store.statistics().backgroundFailures()).isPositive();
        faults.heal();
        passHour();
        assertThat(entries()).isZero();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    private void passHour() {
        for (int minute = 0; minute < 60; minute++) {
            stepped.clock.advance(Duration.ofMinutes(1).toNanos());
            stepped.executor.drain();
        }
    }

    @Test
    void aFileThatCannotBeReadKeepsNoOtherFromBeingRewritten() {
        Set<String> unreadable = new HashSet<>();
        FileStore damaged = new ForwardingFileStore(files) {
            @Override
            public ReadableFile open(String name) throws IOException {
                if (unreadable.contains(name)) {
                    throw new IOException("Cannot read " + name);
                }
                return super.open(name);
            }
        };
        store = stepped.open(damaged, options().targetFileBytes(16384));
        writeFile();
        Set<String> first = new HashSet<>(files.list());
        first.removeIf(name -> !name.endsWith(".sst"));
        writeFile();
        writeFile();
        store.close();
        store = stepped.open(damaged, options().targetFileBytes(16384));
        unreadable.addAll(first);
        liveFrom = written;
        pass(31);
        passHour();
        assertThat(entries()).isEqualTo(KEYS_OF_A_FILE);
        assertThat(store.statistics().backgroundFailures()).isLessThan(5);
        unreadable.clear();
        passHour();
        assertThat(entries()).isZero();
    }

    /** The alarm for the next file is set as if the postponed one were not there. */
    @Test
    void aFileWhoseRewritingFailedDelaysNoYoungerOne() {
        FaultInjector faults = new FaultInjector();
        store = stepped.open(
                new FaultFileStore(files, faults),
                options().targetFileBytes(16384).periodicCompaction(Duration.ofMinutes(1)));
        writeFile();
        stepped.clock.advance(Duration.ofSeconds(30).toNanos());
        writeFile();
        liveFrom = written;
        faults.arm(FaultInjector.Fault.IO_ERROR, 1, false);
        passSeconds(90);
        assertThat(entries()).as("the younger file").isEqualTo(KEYS_OF_A_FILE);
        passSeconds(3600 - 50);
        assertThat(entries()).as("the postponed one, an hour after its failure").isZero();
    }

    private void passSeconds(int seconds) {
        for (int second = 0; second < seconds; second++) {
            stepped.clock.advance(Duration.ofSeconds(1).toNanos());
            stepped.executor.drain();
        }
    }

    @Test
    void aFileFromTheFutureIsRewrittenOnce() {
        open(options());
        stepped.clock.advance(100 * DAY_NANOS);
        writeFile();
        store.close();
        stepped.clock.advance(-50 * DAY_NANOS);
        liveFrom = written;
        open(options());
        stepped.executor.drain();
        assertThat(entries()).isZero();
    }
}
