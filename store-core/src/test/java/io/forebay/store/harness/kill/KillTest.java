package io.forebay.store.harness.kill;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.VerificationReport;
import io.forebay.store.testing.ChildJvm;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.Model;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process that does all that can be done to a store is killed without warning, again and again, and opened with other
 * options each time. What it left must be one of its commits, at least the last one that it knew to be durable; with a
 * write-ahead log it must be a prefix of what it did, with every write that had returned. It must verify clean, and what it
 * called a finished checkpoint must be one. The same where the page cache is lost with the process, except that writes to a
 * buffered log may be lost then, from some point on, behind the last durable commit.
 */
class KillTest {
    private static final int KILLS_PER_STORE = 10;
    /** Operations that a life may have done after it said something for the last time. */
    private static final int MAX_UNHEARD = 2 * KillChild.OPERATIONS_PER_LINE;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    private final Random random = new Random(ThreadLocalRandom.current().nextLong());
    private final Figures figures = new Figures(getClass());
    /** The state that the store was at when the present life began, and the number of its last operation. */
    private Model model;

    private long at;
    /** Number of the last commit up to there; 0 before the first. */
    private long lastCommit;

    private KillChild.Disk disk;

    @ParameterizedTest
    @EnumSource(KillChild.Disk.class)
    void whatAKilledProcessLeavesIsACommit(KillChild.Disk kind) throws Exception {
        disk = kind;
        long kills = Effort.of("kills", 10, 500);
        ChildJvm next = ChildJvm.start(KillChild.class);
        try {
            for (int kill = 0; kill < kills; kill++) {
                Path place = directory.resolve(disk + "-" + kill / KILLS_PER_STORE);
                if (kill % KILLS_PER_STORE == 0) {
                    Files.createDirectories(place);
                    model = new Model();
                    at = 0;
                    lastCommit = 0;
                }
                ChildJvm child = next;
                next = ChildJvm.start(KillChild.class); // starts while this one lives
                liveAndCheck(child, place.toFile());
                if (kill % KILLS_PER_STORE == KILLS_PER_STORE - 1) {
                    delete(place);
                }
                figures.add(disk == KillChild.Disk.FORGETS ? "kills that lost the page cache" : "kills", 1);
            }
        } finally {
            figures.write();
            next.close();
        }
    }

    private void liveAndCheck(ChildJvm child, File place) throws Exception {
        long seed = random.nextLong() >>> 16;
        Acknowledged acknowledged = new Acknowledged();
        try (child) {
            child.order(place + "\t" + seed + "\t" + (at + 1) + "\t" + disk);
            // from a few operations to some thousands; fewer where each waits for the disk
            int most = 2 << random.nextInt(KillLife.durability(seed) == Durability.SYNCED ? 6 : 9);
            for (int lines = 1 + random.nextInt(most); lines > 0; lines--) {
                String line = child.readLine();
                assertThat(line)
                        .as("the child ended by itself; seed %d, from %d", seed, at)
                        .isNotNull();
                acknowledged.hear(line);
            }
            child.kill();
            for (String line = child.readLine(); line != null; line = child.readLine()) {
                acknowledged.hear(line);
            }
        }
        figures.add("operations", acknowledged.written - at);
        check(place, seed, acknowledged);
    }

    /** What a life has said. A last line may be cut off. */
    private static final class Acknowledged {
        long durable = -1;
        long written = -1;
        long checkpoint = -1;

        void hear(String line) {
            String[] words = line.split(" ");
            if (words.length == 2) {
                long number = Long.parseLong(words[1]);
                switch (words[0]) {
                    case "d" -> durable = number;
                    case "c" -> checkpoint = number;
                    default -> {}
                }
                written = Math.max(written, number);
            }
        }
    }

    private void check(File place, long seed, Acknowledged acknowledged) {
        String where = "life " + seed + " on a disk that " + disk + ", from " + at + ", durable " + acknowledged.durable
                + ", written " + acknowledged.written + " in " + place;
        FileStore files = FileStores.local(new File(place, "store"));
        long checker = random.nextLong() >>> 16;
        try (Environment environment = KillLife.environment(checker)) {
            StoreOptions options = KillLife.options(checker);
            if (random.nextInt(3) == 0 && isStore(files)) {
                VerificationReport report = environment.verify(files, options.encryption());
                assertThat(report.isClean())
                        .as("%s: before the open: %s", where, report)
                        .isTrue();
            }
            try (Store store = environment.open(files, options)) {
                if (acknowledged.checkpoint >= 0) {
                    Model state = replay(seed, acknowledged.checkpoint).model;
                    File written = KillChild.checkpoint(place, seed, acknowledged.checkpoint);
                    checkCheckpoint(environment, written, state, acknowledged.checkpoint, where);
                }
                recover(store, seed, acknowledged, where);
                VerificationReport report = store.verify();
                assertThat(report.isClean())
                        .as("%s: after the open: %s", where, report)
                        .isTrue();
                figures.add("entries compared", model.map().size());
            }
        } catch (IOException e) {
            throw new AssertionError(where, e);
        }
    }

    /** Finds out at which operation the store is, and checks that it may be there. */
    private void recover(Store store, long seed, Acknowledged acknowledged, String where) {
        String payload = new String(store.durablePayload(), UTF_8);
        long commit = payload.isEmpty() ? 0 : Long.parseLong(payload);
        assertThat(commit).as("%s: commit after the kill", where).isGreaterThanOrEqualTo(acknowledged.durable);
        ModelTarget state;
        if (KillLife.durability(seed) == Durability.NONE) {
            long reached = Math.max(at, commit);
            state = replay(seed, reached);
            at = reached;
        } else {
            NavigableMap<byte[], byte[]> content = content(store);
            long reached = Math.max(at, KillLife.survives(seed, disk) ? acknowledged.written : acknowledged.durable);
            long last = Math.max(at, acknowledged.written) + MAX_UNHEARD;
            state = replay(seed, reached);
            at = reached;
            KillLife life = new KillLife(seed);
            while (at < last && !state.isAt(commit, content)) {
                life.apply(++at, state);
            }
            figures.add("kills with a write-ahead log", 1);
        }
        assertThat(state.commit)
                .as("%s: last commit up to operation %d", where, at)
                .isEqualTo(commit);
        state.model.assertSame(store, KeyRange.all(), where + ", recovered to " + at);
        model = state.model;
        lastCommit = commit;
    }

    private static NavigableMap<byte[], byte[]> content(Store store) {
        NavigableMap<byte[], byte[]> content = new TreeMap<>(Arrays::compareUnsigned);
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                content.put(iterator.key(), iterator.value());
            }
        }
        return content;
    }

    /** The first kill may come before there is anything. */
    private static boolean isStore(FileStore files) throws IOException {
        return files.list().stream().anyMatch(name -> name.startsWith("MANIFEST-"));
    }

    private void checkCheckpoint(Environment environment, File directory, Model state, long number, String where)
            throws IOException {
        FileStore files = FileStores.local(directory);
        byte[] metadata;
        try (ReadableFile file = files.open("CHECKPOINT")) {
            metadata = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(metadata));
        }
        StoreOptions options = KillLife.options(number);
        try (Store restored = environment.restore(
                FileStores.inMemory(),
                options,
                List.of(new RestoreSource(files, metadata, KeyRange.all())),
                new byte[0])) {
            state.assertSame(restored, KeyRange.all(), where + ", checkpoint " + number);
            assertThat(restored.verify().findings())
                    .as("%s, checkpoint %d", where, number)
                    .isEmpty();
        }
        figures.add("checkpoints restored", 1);
    }

    /** The state after operation {@code last} of a life that began with the present model. */
    private ModelTarget replay(long seed, long last) {
        ModelTarget target = new ModelTarget(model.copy(), lastCommit);
        KillLife life = new KillLife(seed);
        for (long number = at + 1; number <= last; number++) {
            life.apply(number, target);
        }
        return target;
    }

    private static void delete(Path place) throws IOException {
        try (Stream<Path> files = Files.walk(place)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static final class ModelTarget implements KillLife.Target {
        final Model model;
        long commit;

        ModelTarget(Model model, long commit) {
            this.model = model;
            this.commit = commit;
        }

        boolean isAt(long otherCommit, NavigableMap<byte[], byte[]> content) {
            if (commit != otherCommit || model.map().size() != content.size()) {
                return false;
            }
            Iterator<Map.Entry<byte[], byte[]>> others = content.entrySet().iterator();
            for (Map.Entry<byte[], byte[]> entry : model.map().entrySet()) {
                Map.Entry<byte[], byte[]> other = others.next();
                if (!Arrays.equals(entry.getKey(), other.getKey())
                        || !Arrays.equals(entry.getValue(), other.getValue())) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public void put(byte[] key, byte[] value) {
            model.put(key, value);
        }

        @Override
        public void delete(byte[] key) {
            model.delete(key);
        }

        @Override
        public void merge(byte[] key, byte[] operand) {
            model.merge(key, operand);
        }

        @Override
        public void deleteRange(byte[] from, byte[] to) {
            model.deleteRange(from, to);
        }

        @Override
        public void batch(Runnable changes) {
            changes.run();
        }

        @Override
        public void ingest(TreeMap<byte[], byte[]> entries) {
            entries.forEach(model::put);
        }

        @Override
        public void commit(long number, boolean durably) {
            commit = number;
        }

        @Override
        public void other(KillLife.Other what, long number) {
            // the content stays as it is
        }
    }
}
