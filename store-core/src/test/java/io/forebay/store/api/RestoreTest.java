package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What stores become of checkpoints: whole, in part, several joined. */
@Tag("smoke")
class RestoreTest extends CheckpointedStores {
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
        Seeds.run(RestoreTest.class, 3, seed -> {
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

    private static void writeShort(CrashFileStore place, String name) {
        try (WritableFile file = place.create(name)) {
            file.append(ByteBuffer.wrap(new byte[10]));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
