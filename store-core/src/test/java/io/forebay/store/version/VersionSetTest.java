package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.KeyRange;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.util.SystemExecutor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class VersionSetTest {
    private final CrashFileStore files = new CrashFileStore();

    private static FileId id(int number) {
        return new FileId(0, number);
    }

    @Test
    void aNewStoreIsEmptyAndRemembersThat() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        assertThat(store.state()).isEmpty();
        assertThat(store.set.durableCommit().sequence()).isZero();
        assertThat(store.set.durableCommit().payload()).isEmpty();
        assertThat(store.set.lastSequence()).isZero();
        assertThat(store.set.mergeName()).isNull();
        assertThat(store.set.nextRank()).isEqualTo(1);
        assertThat(files.list()).containsExactly("MANIFEST-0000000000000001");
        store.close();
    }

    @Test
    void openingAStoreBeginsAManifest() throws IOException {
        VersionFixture first = VersionFixture.open(files);
        first.apply(new VersionEdit().mergeName("append"));
        first.close();
        long syncs = files.syncs();
        VersionFixture store = VersionFixture.open(files);
        assertThat(files.syncs()).as("of the manifest and of its name").isEqualTo(syncs + 2);
        assertThat(files.list()).containsExactly("MANIFEST-0000000000000002");
        store.close();
        assertThat(files.openReaders()).isZero();
    }

    @Test
    void editsSurviveAReopen() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        store.apply(new VersionEdit().mergeName("append"));
        store.apply(new VersionEdit()
                .add(store.set.nextRank(), store.create(id(1), "a", "m", 5))
                .add(store.set.nextRank(), store.create(id(2), "b", "z", 9))
                .commit(9, new byte[] {4, 2}));
        List<String> state = store.state();
        store.close();
        VersionFixture next = VersionFixture.open(files);
        assertThat(next.state()).isEqualTo(state).hasSize(2);
        assertThat(next.set.mergeName()).isEqualTo("append");
        assertThat(next.set.durableCommit().sequence()).isEqualTo(9);
        assertThat(next.set.durableCommit().payload()).containsExactly(4, 2);
        assertThat(next.set.lastSequence()).isEqualTo(9);
        assertThat(next.set.nextRank()).isEqualTo(3);
        next.close();
    }

    @Test
    void filesAboveTheCommitAreDroppedAndDeletedAtReopen() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        store.apply(new VersionEdit().add(1, store.create(id(1), "a", "m", 5)).commit(5, new byte[0]));
        store.apply(new VersionEdit().add(2, store.create(id(2), "a", "m", 8)));
        FileMeta ingested = store.create(id(3), "n", "z", 0).withOverrideSequence(7);
        store.apply(new VersionEdit().add(0, ingested).lastSequence(8));
        FileMeta old = store.create(id(4), "z", null, 999).withOverrideSequence(5);
        store.apply(new VersionEdit().add(0, old));
        assertThat(store.state()).hasSize(4);
        store.close();
        VersionFixture next = VersionFixture.open(files);
        assertThat(next.state()).hasSize(2).allMatch(line -> line.startsWith("1 1 ") || line.startsWith("0 4 "));
        assertThat(next.set.lastSequence()).isEqualTo(5);
        assertThat(next.set.nextRank()).isEqualTo(3);
        next.executor.drain();
        assertThat(next.tables()).containsExactly(1L, 4L);
        next.apply(new VersionEdit().add(3, next.create(id(5), "a", "b", 6)).commit(6, new byte[0]));
        next.close();
        VersionFixture last = VersionFixture.open(files);
        assertThat(last.state()).hasSize(3);
        last.close();
    }

    @Test
    void filesLiveAsLongAsAVersionThatHasThem() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        FileMeta one = store.create(id(1), "a", "m", 1);
        store.apply(new VersionEdit().add(1, one));
        Version pinned = store.set.current();
        FileMeta two = store.create(id(2), "a", "m", 1);
        store.apply(new VersionEdit().remove(1, one).add(0, two));
        store.executor.drain();
        assertThat(store.tables()).containsExactly(1L, 2L);
        Version again = pinned;
        again.retain();
        pinned.release();
        store.executor.drain();
        assertThat(store.tables()).containsExactly(1L, 2L);
        again.release();
        store.executor.drain();
        assertThat(store.tables()).containsExactly(2L);
        assertThatThrownBy(again::release).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(again::retain).isInstanceOf(IllegalStateException.class);
        store.close();
        assertThat(store.tables()).containsExactly(2L);
    }

    @Test
    void twoVirtualFilesShareOnePhysicalFile() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        FileMeta whole = store.create(id(1), "a", "z", 1);
        FileMeta left = whole.clip(KeyRange.of(null, VersionFixture.key("m")));
        FileMeta right = whole.clip(KeyRange.of(VersionFixture.key("m"), null));
        assertThat(left.virtual()).isTrue();
        assertThat(right.virtual()).isTrue();
        assertThat(whole.clip(KeyRange.all()).virtual()).isFalse();
        assertThat(whole.clip(KeyRange.of(VersionFixture.key("z"), null))).isNull();
        store.set.apply(new VersionEdit().add(0, left).add(0, right).commit(1, new byte[0]));
        whole.file().release();
        store.apply(new VersionEdit().remove(0, left));
        store.executor.drain();
        assertThat(store.tables()).containsExactly(1L);
        List<String> state = store.state();
        assertThat(state).hasSize(1);
        store.close();
        VersionFixture next = VersionFixture.open(files);
        assertThat(next.state()).isEqualTo(state);
        next.apply(new VersionEdit().remove(0, right));
        next.executor.drain();
        assertThat(next.tables()).isEmpty();
        next.close();
    }

    @Test
    void aFileMayMoveToAnotherRunWithoutASyncOfTheDirectory() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        FileMeta file = store.create(id(1), "a", "z", 1);
        long before = files.syncs();
        store.apply(new VersionEdit().add(1, file).commit(1, new byte[0]));
        assertThat(files.syncs() - before).isEqualTo(2);
        before = files.syncs();
        store.apply(new VersionEdit().remove(1, file).add(0, file.withFile(store.registry.acquire(id(1), 100))));
        assertThat(files.syncs() - before).isEqualTo(1);
        store.executor.drain();
        assertThat(store.tables()).containsExactly(1L);
        assertThat(store.state()).singleElement().asString().startsWith("0 1 ");
        store.close();
    }

    @Test
    void editsThatDoNotFitAreRefusedAndChangeNothing() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        FileMeta file = store.create(id(1), "a", "m", 1);
        store.apply(new VersionEdit().add(1, file));
        FileMeta overlapping = store.create(id(2), "l", "z", 1);
        long bytes = files.size("MANIFEST-0000000000000001");
        assertThatThrownBy(() -> store.set.apply(new VersionEdit().remove(2, file)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(file.id().name());
        assertThatThrownBy(
                        () -> store.set.apply(new VersionEdit().remove(1, file).remove(1, file)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> store.set.apply(new VersionEdit().add(1, overlapping)))
                .isInstanceOf(IllegalArgumentException.class);
        store.set.apply(new VersionEdit());
        assertThat(files.size("MANIFEST-0000000000000001")).isEqualTo(bytes);
        assertThat(store.state()).hasSize(1);
        store.apply(new VersionEdit().remove(1, file).add(1, overlapping));
        assertThat(store.state()).hasSize(1);
        store.close();
    }

    @Test
    void runsThatAnEditDoesNotTouchStayTheSameObjects() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        store.apply(
                new VersionEdit().add(0, store.create(id(1), "a", "m", 1)).add(1, store.create(id(2), "a", "m", 1)));
        Version before = store.set.current();
        store.apply(new VersionEdit().add(2, store.create(id(3), "a", "m", 1)));
        Version after = store.set.current();
        assertThat(after.bottom()).isSameAs(before.bottom()).isNotNull();
        assertThat(after.run(1)).isSameAs(before.run(1)).isNotNull();
        assertThat(after.run(7)).isNull();
        assertThat(after.fileCount()).isEqualTo(3);
        assertThat(after.bytes()).isEqualTo(300);
        assertThat(after.entries()).isEqualTo(30);
        assertThat(after.runs()).extracting(SortedRun::rank).containsExactly(2L, 1L, 0L);
        before.release();
        after.release();
        store.close();
    }

    @Test
    void aFailedEditLeavesTwoPossibleStatesAndTheFilesOfBoth() throws IOException {
        for (int step = 1; step <= 3; step++) {
            CrashFileStore broken = new CrashFileStore();
            VersionFixture store = VersionFixture.open(broken);
            FileMeta old = store.create(id(1), "a", "m", 1);
            store.apply(new VersionEdit().add(1, old).commit(1, new byte[0]));
            FileMeta fresh = store.create(id(2), "a", "m", 1);
            VersionEdit edit = new VersionEdit().remove(1, old).add(0, fresh);
            broken.failAfter(step);
            assertThatThrownBy(() -> store.apply(edit)).isInstanceOf(IOException.class);
            broken.heal();
            assertThat(store.state()).singleElement().asString().startsWith("1 1 ");
            store.executor.drain();
            store.close();
            store.executor.drain();
            assertThat(store.tables()).as("step %d", step).contains(1L).contains(step == 1 ? 1L : 2L);
            // Whichever of the two states the manifest holds, its file is there; the other one goes now.
            VersionFixture next = VersionFixture.open(broken);
            next.executor.drain();
            assertThat(next.state()).hasSize(1);
            assertThat(next.tables()).hasSize(1);
            assertThat(next.state().get(0)).contains(" " + next.tables().get(0) + " ");
            next.close();
        }
    }

    @Test
    void aManifestIsRolledOverWhenItIsLarge() throws IOException {
        VersionFixture store = VersionFixture.open(files, 500);
        FileMeta last = null;
        for (int i = 1; i <= 100; i++) {
            FileMeta file = store.create(id(i), "a", "m", i);
            VersionEdit edit = new VersionEdit().add(i, file).commit(i, new byte[5]);
            if (last != null) {
                edit.remove(i - 1, last);
            }
            store.apply(edit);
            last = file;
        }
        List<String> manifests =
                files.list().stream().filter(name -> name.startsWith("M")).toList();
        assertThat(manifests).hasSize(1);
        int number = Integer.parseInt(manifests.get(0).substring(9));
        assertThat(number).isBetween(5, 40);
        assertThat(files.size(manifests.get(0))).isLessThan(1_000);
        List<String> state = store.state();
        store.close();
        VersionFixture next = VersionFixture.open(files, 500);
        assertThat(next.state()).isEqualTo(state);
        assertThat(next.set.durableCommit().sequence()).isEqualTo(100);
        assertThat(next.set.nextRank()).isEqualTo(101);
        next.close();
    }

    @Test
    void aLargeStateDoesNotMakeEveryEditARollOver() throws IOException {
        VersionFixture store = VersionFixture.open(files, 500);
        VersionEdit many = new VersionEdit();
        for (int i = 100; i < 200; i++) {
            many.add(0, store.create(id(i), "k" + i, "k" + (i + 1), 1));
        }
        store.apply(many);
        for (int i = 0; i < 100; i++) {
            store.apply(new VersionEdit().commit(i, new byte[0]));
        }
        String manifest = files.list().stream()
                .filter(name -> name.startsWith("M"))
                .findFirst()
                .orElseThrow();
        assertThat(Integer.parseInt(manifest.substring(9))).isLessThanOrEqualTo(3);
        store.close();
    }

    @Test
    void createMakesAStoreFromFilesThatAreThere() throws IOException {
        VersionFixture store = new VersionFixture(files);
        FileMeta one = store.create(id(1), "a", "m", 40);
        store.create(id(2), "a", "m", 40).file();
        store.set = VersionSet.create(
                files,
                store.registry,
                store.ids,
                new VersionEdit()
                        .add(3, one)
                        .lastSequence(50)
                        .commit(50, new byte[] {1})
                        .mergeName("sum"));
        one.file().release();
        assertThat(store.state()).hasSize(1);
        assertThat(store.set.nextRank()).isEqualTo(4);
        assertThat(store.set.lastSequence()).isEqualTo(50);
        store.executor.drain();
        assertThat(store.tables()).containsExactly(1L, 2L);
        store.close();
        VersionFixture next = VersionFixture.open(files.afterCrash(new java.util.Random(1)));
        assertThat(next.state()).hasSize(1);
        assertThat(next.set.durableCommit().payload()).containsExactly(1);
        assertThat(next.set.mergeName()).isEqualTo("sum");
        assertThat(next.set.lastSequence()).isEqualTo(50);
        next.executor.drain();
        assertThat(next.tables()).containsExactly(1L);
        next.close();
    }

    @Test
    void createInAStoreIsRefusedAndDeletesNothing() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        store.apply(new VersionEdit().add(0, store.create(id(1), "a", "m", 1)).commit(1, new byte[0]));
        store.close();
        VersionFixture second = new VersionFixture(files);
        FileMeta same = VersionFixture.meta(id(1), "a", "m", 1, 1).withFile(second.registry.acquire(id(1), 100));
        assertThatThrownBy(() -> VersionSet.create(files, second.registry, second.ids, new VersionEdit().add(0, same)))
                .isInstanceOf(IllegalStateException.class);
        same.file().release();
        second.executor.drain();
        second.registry.close();
        assertThat(second.tables()).containsExactly(1L);
    }

    @Test
    void aClosedSetRefusesWorkAndKeepsItsFiles() throws IOException {
        VersionFixture store = VersionFixture.open(files);
        store.apply(new VersionEdit().add(1, store.create(id(1), "a", "m", 1)).commit(1, new byte[0]));
        Version pinned = store.set.current();
        store.set.close();
        store.set.close();
        assertThatThrownBy(() -> store.set.current()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.set.apply(new VersionEdit().commit(2, new byte[0])))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed");
        pinned.release();
        store.executor.drain();
        store.registry.close();
        assertThat(store.tables()).containsExactly(1L);
    }

    /** The version is swapped while others take it: nobody ever gets one whose files are gone. */
    @Test
    void readersTakeVersionsWhileEditsAreApplied() throws Exception {
        MemoryFileStore memory = new MemoryFileStore();
        SystemExecutor executor = new SystemExecutor(1, "cleanup");
        VersionFixture store = new VersionFixture(memory, executor);
        FileMeta last = store.create(id(1), "a", "m", 1);
        store.apply(new VersionEdit().add(1, last));
        List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        List<Thread> readers = new ArrayList<>();
        boolean[] done = new boolean[1];
        CountDownLatch looked = new CountDownLatch(3);
        for (int t = 0; t < 3; t++) {
            Thread reader = new Thread(() -> {
                try {
                    for (int looks = 0; ; looks++) {
                        synchronized (done) {
                            if (done[0]) {
                                return;
                            }
                        }
                        if (looks == 1) {
                            looked.countDown();
                        }
                        Version version = store.set.current();
                        FileMeta file = version.runs().get(0).file(0);
                        assertThat(memory.exists(file.id().name())).isTrue();
                        assertThat(store.registry.isLive(file.id())).isTrue();
                        version.release();
                    }
                } catch (Throwable e) {
                    failures.add(e);
                    looked.countDown();
                }
            });
            readers.add(reader);
            reader.start();
        }
        looked.await();
        for (int i = 2; i < 1_500; i++) {
            FileMeta next = store.create(id(i), "a", "m", 1);
            store.apply(new VersionEdit().remove(1, last).add(1, next));
            last = next;
        }
        synchronized (done) {
            done[0] = true;
        }
        for (Thread reader : readers) {
            reader.join();
        }
        assertThat(failures).isEmpty();
        store.close();
        assertThat(store.tables()).containsExactly(1_499L);
        executor.close();
    }
}
