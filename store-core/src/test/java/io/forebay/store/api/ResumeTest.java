package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A store that stopped taking writes, and what brings it back. */
class ResumeTest extends FailingStores {
    private Throwable failedCommit(Store store, Fault fault, long nth) {
        faults.arm(fault, nth, true);
        return catchThrowable(() -> store.commitDurably(bytes("failed")));
    }

    @Test
    void aFullDiskStopsWritesAndTheyGoOnByThemselvesWhenThereIsSpace() {
        Store store = stepped.open(files);
        put(store, "a");
        store.commitDurably(bytes("first"));
        put(store, "b");
        assertThat(failedCommit(store, Fault.DISK_FULL, 1))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("No space left on device")
                .hasMessageContaining("tries again by itself");
        assertThatThrownBy(() -> put(store, "c"))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("No space left on device");
        assertThat(store.get(bytes("a"))).isEqualTo(bytes("value of a"));
        assertThat(store.get(bytes("b"))).isEqualTo(bytes("value of b"));
        assertThat(store.statistics().readOnlyCause()).contains("No space left");
        assertThat(store.statistics().resumes()).isZero();
        // still full
        long retries = store.statistics().backgroundRetries();
        for (int i = 0; i < 5; i++) {
            stepped.clock.advance(60 * SECOND);
            stepped.executor.drain();
        }
        assertThat(store.statistics().backgroundRetries()).isEqualTo(retries + 5);
        assertThatThrownBy(() -> put(store, "c")).isInstanceOf(ReadOnlyStoreException.class);
        faults.heal();
        stepped.clock.advance(60 * SECOND);
        stepped.executor.drain();
        assertThat(store.statistics().readOnlyCause()).isNull();
        assertThat(store.statistics().resumes()).isEqualTo(1);
        // the commit that was answered with an error is durable now
        assertThat(store.durablePayload()).isEqualTo(bytes("failed"));
        put(store, "c");
        store.commitDurably(bytes("second"));
        store.close();
        Store again = stepped.open(files);
        assertThat(again.durablePayload()).isEqualTo(bytes("second"));
        assertThat(again.multiGet(List.of(bytes("a"), bytes("b"), bytes("c"))))
                .containsExactly(bytes("value of a"), bytes("value of b"), bytes("value of c"));
    }

    @Test
    void attemptsBecomeRarer() {
        Store store = stepped.open(files);
        put(store, "a");
        failedCommit(store, Fault.DISK_FULL, 1);
        long begin = stepped.clock.nanoTime();
        long[] at = new long[12];
        for (int i = 0; i < at.length; ) {
            stepped.clock.advance(SECOND / 10);
            stepped.executor.drain();
            if (store.statistics().backgroundRetries() > i) {
                at[i++] = (stepped.clock.nanoTime() - begin) / (SECOND / 10);
            }
        }
        assertThat(at).startsWith(1, 3, 7, 15, 31);
        assertThat(at[11] - at[10]).isEqualTo(300);
        faults.heal();
    }

    @Test
    void resumeTriesAtOnce() {
        Store store = stepped.open(files);
        assertThatCode(store::resume).doesNotThrowAnyException();
        put(store, "a");
        failedCommit(store, Fault.DISK_FULL, 1);
        assertThatThrownBy(store::resume)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("No space left on device");
        faults.heal();
        store.resume();
        put(store, "b");
        assertThat(store.durablePayload()).isEqualTo(bytes("failed"));
        store.close();
        assertThatThrownBy(store::resume).isInstanceOf(StoreClosedException.class);
    }

    @Test
    void aCommitThatWaitsForItsTimerIsNotForgotten() {
        Store store = stepped.open(files, StoreOptions.builder().commitInterval(java.time.Duration.ofSeconds(600)));
        put(store, "a");
        store.commit(bytes("waits"));
        faults.arm(Fault.DISK_FULL, 1, true);
        assertThatThrownBy(store::flush).isInstanceOf(ReadOnlyStoreException.class);
        faults.heal();
        store.resume();
        assertThat(store.durablePayload()).isEqualTo(bytes("waits"));
        put(store, "b");
        store.commit(bytes("waits, too"));
        stepped.clock.advance(700 * SECOND);
        stepped.executor.drain();
        assertThat(store.durablePayload()).isEqualTo(bytes("waits, too"));
    }

    @Test
    void everySyncThatFailsIsFollowedByNewFiles() {
        for (int nth = 1; nth <= 3; nth++) {
            CrashFileStore place = new CrashFileStore();
            Store store = stepped.open(new FaultFileStore(place, faults));
            put(store, "a");
            store.commitDurably(bytes("first"));
            List<String> before = place.list();
            put(store, "b");
            faults.arm(Fault.FAILED_SYNC, nth, false);
            assertThatThrownBy(() -> store.commitDurably(bytes("second"))).isInstanceOf(ReadOnlyStoreException.class);
            String struck = faults.struck();
            faults.heal();
            store.resume();
            stepped.executor.drain();
            assertThat(store.durablePayload()).isEqualTo(bytes("second"));
            if (struck.contains("MANIFEST")) {
                assertThat(place.list()).as(struck).doesNotContainAnyElementsOf(manifests(before));
            } else if (struck.endsWith(".sst")) {
                assertThat(place.list()).doesNotContain(struck.substring(struck.indexOf(' ') + 1));
            }
            for (int i = 0; i < 20; i++) {
                try (SteppedEnvironment other = new SteppedEnvironment()) {
                    Store recovered = other.open(place.afterCrash(new Random(i)));
                    assertThat(recovered.durablePayload()).isEqualTo(bytes("second"));
                    assertThat(recovered.get(bytes("b"))).isEqualTo(bytes("value of b"));
                }
            }
            store.close();
        }
    }

    private static List<String> manifests(List<String> names) {
        return names.stream().filter(name -> name.startsWith("MANIFEST")).toList();
    }

    @Test
    void damageIsNotRepairedByTryingAgain() {
        Store store = stepped.open(files);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 50; i++) {
                put(store, "key " + i);
            }
            store.commitDurably(bytes("good"));
        }
        stepped.executor.drain();
        store.close();
        disk.damage(
                disk.list().stream()
                        .filter(name -> name.endsWith(".sst"))
                        .findFirst()
                        .orElseThrow(),
                20);
        Store damaged = stepped.open(files);
        assertThatThrownBy(damaged::compact).isInstanceOf(CorruptionException.class);
        assertThatThrownBy(damaged::resume)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasCauseInstanceOf(CorruptionException.class)
                .hasMessageContaining("open it again");
        stepped.clock.advance(600 * SECOND);
        stepped.executor.drain();
        assertThat(damaged.statistics().backgroundRetries()).isZero();
        assertThatThrownBy(() -> put(damaged, "a")).isInstanceOf(ReadOnlyStoreException.class);
    }

    @Test
    void aCloseTriesOnceMore() {
        Store store = stepped.open(files);
        put(store, "a");
        failedCommit(store, Fault.DISK_FULL, 1);
        faults.heal();
        store.close();
        assertThat(stepped.open(files).durablePayload()).isEqualTo(bytes("failed"));
    }
}
