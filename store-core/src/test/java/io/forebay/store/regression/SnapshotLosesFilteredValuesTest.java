package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A snapshot, or an iterator that had to leave its memtables, which was opened while a flush or a compaction ran lost
 * what the compaction filter dropped in it: the job had looked at the claims before they made theirs.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SnapshotLosesFilteredValuesTest {
    private static final List<String> ALL = List.of("a=Da", "b=vb", "c=Dc", "d=Dd");
    private static final List<String> LEFT = List.of("b=vb");

    /** Runs once, within the first job that asks the filter from then on. */
    private Runnable duringTheJob;

    private boolean dropping;
    private int asked;

    private final CrashFileStore disk = new CrashFileStore();

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private StoreOptions.Builder options() {
        return StoreOptions.builder().compactionFilter((key, keyLength, value, valueLength) -> {
            asked++;
            Runnable now = duringTheJob;
            duringTheJob = null;
            if (now != null) {
                now.run();
            }
            return dropping && value[0] == 'D';
        });
    }

    private static List<String> entries(ReadView view) {
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            return rest(iterator);
        }
    }

    private static List<String> rest(StoreIterator iterator) {
        List<String> entries = new ArrayList<>();
        for (; iterator.isValid(); iterator.next()) {
            entries.add(new String(iterator.key(), UTF_8) + "=" + new String(iterator.value(), UTF_8));
        }
        return entries;
    }

    private static void writeAll(Store store) {
        for (String entry : ALL) {
            store.put(bytes(entry.substring(0, 1)), bytes(entry.substring(2)));
        }
    }

    /** Has one job run that drops what it may. */
    private void runTheJob(Store store, boolean compaction) {
        Runnable during = duringTheJob;
        duringTheJob = null;
        if (compaction) {
            store.commitDurably(bytes("c1"));
            store.put(bytes("b"), bytes("vb"));
            store.commitDurably(bytes("c2"));
        }
        duringTheJob = during;
        dropping = true;
        if (compaction) {
            store.compact();
        } else {
            store.flush();
        }
        assertThat(duringTheJob).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSnapshotKeepsItsState(boolean compaction) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(disk, options());
            writeAll(store);
            List<Snapshot> opened = new ArrayList<>();
            duringTheJob = () -> {
                Snapshot snapshot = store.snapshot();
                assertThat(entries(snapshot)).isEqualTo(ALL);
                opened.add(snapshot);
            };
            runTheJob(store, compaction);
            Snapshot snapshot = opened.get(0);
            assertThat(entries(snapshot)).isEqualTo(ALL);
            assertThat(store.statistics().jobsRedone()).isEqualTo(1);
            assertThat(snapshot.get(bytes("d"))).isEqualTo(bytes("Dd"));
            store.compact();
            assertThat(entries(snapshot)).isEqualTo(ALL);
            snapshot.close();
            store.put(bytes("b"), bytes("vb"));
            store.commitDurably(bytes("c3"));
            store.compact();
            assertThat(entries(store)).isEqualTo(LEFT);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anIteratorKeepsItsState(boolean compaction) {
        keepsItsState(compaction, store -> store.iterator(KeyRange.all()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void soDoesOneWhoseSnapshotIsClosed(boolean compaction) {
        keepsItsState(compaction, store -> {
            try (Snapshot snapshot = store.snapshot()) {
                return snapshot.iterator(KeyRange.all());
            }
        });
    }

    private void keepsItsState(boolean compaction, Function<Store, StoreIterator> open) {
        try (SteppedEnvironment stepped = new SteppedEnvironment(1 << 20)) {
            Store store = stepped.open(disk, options());
            writeAll(store);
            List<StoreIterator> opened = new ArrayList<>();
            duringTheJob = () -> {
                StoreIterator iterator = open.apply(store);
                iterator.seekToFirst();
                opened.add(iterator);
            };
            runTheJob(store, compaction);
            StoreIterator iterator = opened.get(0);
            assertThat(rest(iterator)).isEqualTo(ALL);
            iterator.seekForPrev(bytes("c"));
            assertThat(iterator.value()).isEqualTo(bytes("Dc"));
            iterator.close();
        }
    }

    /** One that is opened from an older snapshot is no reason to do the job again: its state was looked at. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anIteratorOfAnOlderSnapshotHoldsNothingUp(boolean compaction) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(disk, options());
            Snapshot before = store.snapshot();
            writeAll(store);
            duringTheJob =
                    () -> assertThat(before.iterator(KeyRange.all()).isValid()).isFalse();
            runTheJob(store, compaction);
            assertThat(entries(store)).isEqualTo(LEFT);
            assertThat(entries(before)).isEmpty();
        }
    }

    /** Who has gone when the job is over holds nothing up. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatWasClosedMeanwhileHoldsNothingUp(boolean compaction) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(disk, options());
            writeAll(store);
            duringTheJob = () -> assertThat(entries(store)).isEqualTo(ALL);
            runTheJob(store, compaction);
            assertThat(entries(store)).isEqualTo(LEFT);
        }
    }

    /** A job that dropped nothing is not done twice. */
    @Test
    void aJobWithoutDropsIsDoneOnce() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(disk, options());
            writeAll(store);
            List<Snapshot> opened = new ArrayList<>();
            duringTheJob = () -> opened.add(store.snapshot());
            store.flush();
            assertThat(asked).isEqualTo(ALL.size());
            assertThat(entries(opened.get(0))).isEqualTo(ALL);
            opened.get(0).close();
        }
    }

    /** A file store that runs something when the first sync comes behind the last question to the filter. */
    private static final class OnSync extends ForwardingFileStore {
        volatile Runnable next;

        OnSync(FileStore target) {
            super(target);
        }

        @Override
        public WritableFile create(String name) throws IOException {
            WritableFile file = super.create(name);
            return name.startsWith("MANIFEST-") ? watched(file) : file;
        }

        private WritableFile watched(WritableFile file) {
            return new Writer(file) {
                @Override
                public void sync() throws IOException {
                    Runnable now = next;
                    next = null;
                    if (now != null) {
                        now.run();
                    }
                    super.sync();
                }
            };
        }
    }

    /** Who comes between the look at the claims and the new state of the files sees the same before and after. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoComesDuringTheInstallationSeesOneState(boolean iterating) throws Exception {
        OnSync files = new OnSync(disk);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options());
            store.put(bytes("0"), bytes("v0"));
            store.commitDurably(bytes("c0"));
            writeAll(store);
            CompletableFuture<List<List<String>>> seen = new CompletableFuture<>();
            CompletableFuture<Void> installed = new CompletableFuture<>();
            boolean[] came = {false};
            duringTheJob = () -> files.next = () -> {
                came[0] = true;
                Thread reader = new Thread(() -> {
                    try {
                        seen.complete(iterating ? iterateTwice(store, installed) : readTwice(store, installed));
                    } catch (RuntimeException | Error e) {
                        seen.completeExceptionally(e);
                    }
                });
                reader.start();
                // it waits: for the installation, or for this test
                while (reader.getState() != Thread.State.BLOCKED && reader.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
            };
            dropping = true;
            store.flush();
            installed.complete(null);
            List<List<String>> states = seen.get(60, TimeUnit.SECONDS);
            assertThat(came[0]).isTrue();
            assertThat(states.get(1)).isEqualTo(states.get(0));
            assertThat(entries(store)).containsExactly("0=v0", "b=vb");
        }
    }

    private static List<List<String>> readTwice(Store store, CompletableFuture<Void> installed) {
        try (Snapshot snapshot = store.snapshot()) {
            List<String> first = entries(snapshot);
            installed.join();
            return List.of(first, entries(snapshot));
        }
    }

    private static List<List<String>> iterateTwice(Store store, CompletableFuture<Void> installed) {
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            List<String> first = rest(iterator);
            installed.join();
            iterator.seekToFirst();
            return List.of(first, rest(iterator));
        }
    }
}
