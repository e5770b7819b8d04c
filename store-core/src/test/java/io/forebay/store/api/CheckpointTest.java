package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointDescription;
import io.forebay.store.CheckpointFile;
import io.forebay.store.CorruptionException;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints and what stores become of them. */
@Tag("smoke")
class CheckpointTest {
    private static final byte[] PAYLOAD = "payload".getBytes(UTF_8);

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final CrashFileStore files = new CrashFileStore();
    private final Store store = stepped.open(files, tiny());

    private static StoreOptions.Builder tiny() {
        return StoreOptions.builder()
                .memtableBytes(4 << 10)
                .blockBytes(256)
                .targetFileBytes(4 << 10)
                .mergeFunction(MergeFunction.append((byte) ','));
    }

    @AfterEach
    void closeEverything() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
    }

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
    void aRestoreFromItsOwnDirectoryTakesTheFilesAsTheyLie() {
        put("a", "1");
        CrashFileStore downloaded = new CrashFileStore();
        byte[] metadata;
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            complete(checkpoint);
            metadata = checkpoint.metadata();
            for (CheckpointFile file : checkpoint.files()) {
                link(downloaded, file);
            }
        }
        try (Store restored = restore(downloaded, new RestoreSource(downloaded, metadata, KeyRange.all()))) {
            assertThat(keys(restored)).containsExactly("a");
        }
        try (Store reopened = stepped.open(downloaded, tiny())) {
            assertThat(keys(reopened)).containsExactly("a");
        }
        assertThatThrownBy(() -> restore(downloaded, new RestoreSource(downloaded, metadata, KeyRange.all())))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aRestoreIsDurableOnReturn() {
        put("a", "1");
        CrashFileStore place = new CrashFileStore();
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            complete(checkpoint);
            restore(place, source(checkpoint, KeyRange.all()));
        }
        for (int i = 0; i < 5; i++) {
            try (Store reopened = stepped.open(place.afterCrash(new Random(i)), tiny())) {
                assertThat(keys(reopened)).containsExactly("a");
                assertThat(reopened.durablePayload()).isEqualTo(new byte[] {9});
            }
        }
    }

    @Test
    void filesOutsideOfTheClipNeedNotBeThere() {
        put("a", "1");
        store.commitDurably(PAYLOAD);
        put("z", "1");
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            complete(checkpoint);
            CrashFileStore place = new CrashFileStore();
            KeyRange clip = KeyRange.of(null, bytes("m"));
            for (CheckpointFile file : checkpoint.files()) {
                if (file.range().overlaps(clip)) {
                    link(place, file);
                }
            }
            assertThat(place.list()).hasSize(1);
            try (Store restored = restore(place, new RestoreSource(place, checkpoint.metadata(), clip))) {
                assertThat(keys(restored)).containsExactly("a");
            }
        }
    }

    @Test
    void aTruncatedFileIsNoticed() {
        put("a", "1");
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            complete(checkpoint);
            CheckpointFile file = checkpoint.files().get(0);
            CrashFileStore place = new CrashFileStore();
            writeShort(place, file.name());
            assertThatThrownBy(() -> restore(place, new RestoreSource(place, checkpoint.metadata(), KeyRange.all())))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(file.name())
                    .hasMessageContaining(file.bytes() + " bytes");
        }
    }

    @Test
    void sourcesMustNotOverlapAndMustAgree() {
        put("a", "1");
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD);
                Store other =
                        stepped.open(new CrashFileStore(), tiny().mergeFunction(MergeFunction.append((byte) ';')));
                Checkpoint otherCheckpoint = other.checkpoint(PAYLOAD)) {
            complete(checkpoint);
            assertThatThrownBy(() -> restore(
                            new CrashFileStore(),
                            source(checkpoint, KeyRange.of(null, bytes("m"))),
                            source(checkpoint, KeyRange.of(bytes("l"), null))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("overlap");
            assertThatThrownBy(() -> restore(
                            new CrashFileStore(),
                            source(checkpoint, KeyRange.of(null, bytes("m"))),
                            source(otherCheckpoint, KeyRange.of(bytes("m"), null))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("append-44")
                    .hasMessageContaining("append-59");
            assertThatThrownBy(() -> stepped.environment.restore(
                            new CrashFileStore(),
                            StoreOptions.defaults(),
                            List.of(source(checkpoint, KeyRange.all())),
                            PAYLOAD))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** Stores are split and joined at random places again and again; each keeps writing in its own sequence. */
    @Test
    void repeatedRescalesKeepEveryRow() {
        Seeds.run(CheckpointTest.class, 3, seed -> {
            Random random = new Random(seed);
            RandomKeys keys = new RandomKeys(random);
            Model model = new Model();
            List<Part> parts = List.of(new Part(KeyRange.all(), new CrashFileStore(), null));
            parts.get(0).store = stepped.open(parts.get(0).place, tiny());
            for (int round = 0; round < 8; round++) {
                for (Part part : parts) {
                    part.write(random, keys, model);
                }
                parts = rescale(parts, random, keys);
                for (Part part : parts) {
                    assertThat(keys(part.store)).hasSize(model.in(part.range).size());
                    model.assertSame(part.store, part.range, "round " + round + ", part " + part.range);
                }
            }
            for (Part part : parts) {
                part.store.commitDurably(PAYLOAD);
                part.store.compact();
                model.assertSame(part.store, part.range, "at the end, part " + part.range);
                stepped.executor.drain();
                assertThat(tables(part.place)).hasSize(part.store.statistics().liveFiles());
                part.store.close();
            }
        });
    }

    private List<Part> rescale(List<Part> parents, Random random, RandomKeys keys) {
        List<Checkpoint> checkpoints = new ArrayList<>();
        for (Part parent : parents) {
            Checkpoint checkpoint = parent.store.checkpoint(PAYLOAD);
            complete(checkpoint);
            checkpoints.add(checkpoint);
        }
        List<Part> children = new ArrayList<>();
        for (KeyRange range : ranges(random, keys)) {
            List<RestoreSource> sources = new ArrayList<>();
            for (int i = 0; i < parents.size(); i++) {
                KeyRange clip = range.intersect(parents.get(i).range);
                if (!clip.isEmpty()) {
                    sources.add(new RestoreSource(
                            parents.get(i).place, checkpoints.get(i).metadata(), clip));
                }
            }
            CrashFileStore place = new CrashFileStore();
            Store restored = restore(place, sources.toArray(new RestoreSource[0]));
            children.add(new Part(range, place, restored));
        }
        checkpoints.forEach(Checkpoint::close);
        parents.forEach(parent -> parent.store.close());
        return children;
    }

    private static List<KeyRange> ranges(Random random, RandomKeys keys) {
        List<byte[]> cuts = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            cuts.add(keys.key());
        }
        cuts.removeIf(cut -> cut.length == 0);
        cuts.sort(Arrays::compareUnsigned);
        List<KeyRange> ranges = new ArrayList<>();
        byte[] from = null;
        for (byte[] cut : cuts) {
            if (!Arrays.equals(from, cut)) {
                ranges.add(KeyRange.of(from, cut));
                from = cut;
            }
        }
        ranges.add(KeyRange.of(from, null));
        return ranges;
    }

    private static final class Part {
        private final KeyRange range;
        private final CrashFileStore place;
        private Store store;

        Part(KeyRange range, CrashFileStore place, Store store) {
            this.range = range;
            this.place = place;
            this.store = store;
        }

        void write(Random random, RandomKeys keys, Model model) {
            // stores write different amounts, so that their sequence numbers drift apart
            for (int i = random.nextInt(300); i > 0; i--) {
                byte[] key = keys.key();
                if (!range.contains(key)) {
                    continue;
                }
                byte[] value = keys.value();
                switch (random.nextInt(6)) {
                    case 0 -> {
                        store.delete(key);
                        model.delete(key);
                    }
                    case 1 -> {
                        store.merge(key, value);
                        model.merge(key, value);
                    }
                    case 2 -> {
                        KeyRange deleted = keys.range().intersect(range);
                        store.deleteRange(deleted.from(), deleted.to());
                        model.deleteRange(deleted.from(), deleted.to());
                    }
                    default -> {
                        store.put(key, value);
                        model.put(key, value);
                    }
                }
            }
        }
    }

    private Store restore(FileStore place, RestoreSource... sources) {
        return stepped.environment.restore(place, tiny().build(), List.of(sources), new byte[] {9});
    }

    private RestoreSource source(Checkpoint checkpoint, KeyRange clip) {
        return new RestoreSource(files, checkpoint.metadata(), clip);
    }

    private void complete(Checkpoint checkpoint) {
        while (!checkpoint.completion().isDone()) {
            stepped.executor.help();
        }
        checkpoint.completion().join();
    }

    private void link(CrashFileStore to, CheckpointFile file) {
        try {
            to.linkFrom(files, file.name());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void writeShort(CrashFileStore place, String name) {
        try (WritableFile file = place.create(name)) {
            file.append(ByteBuffer.wrap(new byte[10]));
        } catch (Exception e) {
            throw new AssertionError(e);
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

    private static List<String> tables(CrashFileStore place) {
        return place.list().stream().filter(name -> name.endsWith(".sst")).toList();
    }

    private static List<String> keys(Store from) {
        List<String> keys = new ArrayList<>();
        try (StoreIterator iterator = from.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                keys.add(new String(iterator.key(), UTF_8));
            }
        }
        return keys;
    }

    private void put(String key, String value) {
        store.put(bytes(key), bytes(value));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
