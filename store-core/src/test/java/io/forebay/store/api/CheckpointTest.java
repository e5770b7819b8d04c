package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointDescription;
import io.forebay.store.CheckpointFile;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.testing.CrashFileStore;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a checkpoint holds, how long, and how it gets somewhere else. */
@Tag("smoke")
class CheckpointTest extends CheckpointedStores {
    @Test
    void aCheckpointHoldsWhatWasWrittenBeforeItCommittedOrNot() {
        put("a", "1");
        store.commit(new byte[] {1});
        put("b", "1");
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            put("c", "1");
            put("a", "2");
            assertThatThrownBy(checkpoint::files).isInstanceOf(IllegalStateException.class);
            complete(checkpoint);
            CheckpointDescription description = Environment.describe(checkpoint.metadata());
            assertThat(description.files()).isEqualTo(checkpoint.files());
            assertThat(description.payload()).isEqualTo(PAYLOAD);
            assertThat(description.entries()).isEqualTo(2);
            try (Store restored = restore(new CrashFileStore(), source(checkpoint, KeyRange.all()))) {
                assertThat(restored.durablePayload()).isEqualTo(new byte[] {9});
                assertThat(restored.get(bytes("a"))).isEqualTo(bytes("1"));
                assertThat(restored.get(bytes("b"))).isEqualTo(bytes("1"));
                assertThat(restored.get(bytes("c"))).isNull();
            }
        }
    }

    @Test
    void anEmptyStoreHasAnEmptyCheckpoint() {
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            assertThat(checkpoint.completion()).isCompleted();
            assertThat(checkpoint.files()).isEmpty();
            try (Store restored = restore(new CrashFileStore(), source(checkpoint, KeyRange.all()))) {
                assertThat(restored.statistics().liveFiles()).isZero();
            }
        }
    }

    @Test
    void aCheckpointIsTakenWithoutWaitingForAnything() {
        for (int i = 0; i < 100; i++) {
            put("key" + i, "value");
        }
        long flushes = store.statistics().flushes();
        Checkpoint checkpoint = store.checkpoint(PAYLOAD);
        assertThat(checkpoint.completion()).isNotDone();
        assertThat(store.statistics().flushes()).isEqualTo(flushes);
        complete(checkpoint);
        assertThat(store.statistics().flushes()).isEqualTo(flushes + 1);
        checkpoint.close();
    }

    @Test
    void aCloseCompletesNoCheckpointThatWaitsForWhatIsNotCommitted() {
        put("a", "1");
        store.commit(PAYLOAD);
        put("b", "1");
        Checkpoint checkpoint = store.checkpoint(PAYLOAD);
        AtomicBoolean complete = new AtomicBoolean();
        checkpoint.completion().thenRun(() -> complete.set(true));
        store.close();
        assertThat(complete).isFalse();
        assertThat(checkpoint.completion()).isCompletedExceptionally();
        assertThatThrownBy(checkpoint::metadata).isInstanceOf(StoreClosedException.class);
        checkpoint.close();
        try (Store reopened = stepped.open(files, tiny())) {
            assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("1"));
            assertThat(reopened.get(bytes("b"))).isNull();
        }
    }

    @Test
    void checkpointsOfDifferentMomentsDoNotMix() {
        List<Checkpoint> checkpoints = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            put("key" + i, "value");
            checkpoints.add(store.checkpoint(PAYLOAD));
        }
        for (int i = 0; i < 5; i++) {
            complete(checkpoints.get(i));
            try (Store restored = restore(new CrashFileStore(), source(checkpoints.get(i), KeyRange.all()))) {
                assertThat(keys(restored)).hasSize(i + 1);
            }
        }
        checkpoints.forEach(Checkpoint::close);
    }

    @Test
    void aCheckpointOutlivesCompactionsAndItsFilesGoWithIt() {
        for (int i = 0; i < 200; i++) {
            put("key" + i, "value" + i);
        }
        Checkpoint checkpoint = store.checkpoint(PAYLOAD);
        complete(checkpoint);
        store.deletePrefix(new byte[0]);
        put("new", "1");
        store.commitDurably(PAYLOAD);
        store.compact();
        stepped.executor.drain();
        for (CheckpointFile file : checkpoint.files()) {
            assertThat(files.exists(file.name())).isTrue();
        }
        try (Store restored = restore(new CrashFileStore(), source(checkpoint, KeyRange.all()))) {
            assertThat(keys(restored)).hasSize(200);
        }
        checkpoint.close();
        checkpoint.close();
        stepped.executor.drain();
        assertThat(tables(files)).hasSize(store.statistics().liveFiles()).hasSize(1);
        assertThatThrownBy(checkpoint::metadata).isInstanceOf(StoreClosedException.class);
    }

    @Test
    void aCheckpointIsWrittenToADirectory(@TempDir File directory) {
        put("a", "1");
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            complete(checkpoint);
            FileStore copy = FileStores.local(new File(directory, "copy"));
            checkpoint.writeTo(copy);
            assertThatThrownBy(() -> checkpoint.writeTo(copy))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("empty");
            RestoreSource source = new RestoreSource(copy, checkpoint.metadata(), KeyRange.all());
            try (Store restored = restore(FileStores.local(new File(directory, "store")), source)) {
                assertThat(keys(restored)).containsExactly("a");
            }
        }
    }

    @Test
    void filesAreReadOneByOne() throws Exception {
        put("a", "1");
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            complete(checkpoint);
            CheckpointFile file = checkpoint.files().get(0);
            try (ReadableFile open = checkpoint.open(file)) {
                assertThat(open.size()).isEqualTo(file.bytes());
            }
            assertThat(file.range()).isEqualTo(KeyRange.closed(bytes("a"), bytes("a")));
            assertThatThrownBy(() -> checkpoint.open(new CheckpointFile("x", 1, KeyRange.all())))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aCheckpointWithoutEntriesIsWrittenToADirectoryThatIsNotThere(@TempDir File parent) {
        FileStore place = FileStores.local(new File(parent, "checkpoint"));
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            complete(checkpoint);
            checkpoint.writeTo(place);
            assertThat(checkpoint.files()).isEmpty();
            RestoreSource source = new RestoreSource(place, checkpoint.metadata(), KeyRange.all());
            try (Store restored = restore(new CrashFileStore(), source)) {
                assertThat(keys(restored)).isEmpty();
            }
        }
    }
}
