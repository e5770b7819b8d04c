package io.forebay.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ChildJvm;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.Model;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that does all that can be done to a store is killed without warning, again and again, and opened with other
 * options each time. What it left must be one of its commits, at least the last one that it knew to be durable, must verify
 * clean, and what it called a finished checkpoint must be one.
 */
class KillTest {
    private static final int KILLS_PER_STORE = 10;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    private final Random random = new Random(ThreadLocalRandom.current().nextLong());
    private final Figures figures = new Figures(getClass());
    /** The state that the store was at when the present life began, and the number of its last operation. */
    private Model model;

    private long at;

    @Test
    void whatAKilledProcessLeavesIsACommit() throws Exception {
        long kills = Effort.of("kills", 20, 500);
        ChildJvm next = ChildJvm.start(KillChild.class);
        try {
            for (int kill = 0; kill < kills; kill++) {
                Path place = directory.resolve("store-" + kill / KILLS_PER_STORE);
                if (kill % KILLS_PER_STORE == 0) {
                    Files.createDirectories(place);
                    model = new Model();
                    at = 0;
                }
                ChildJvm child = next;
                next = ChildJvm.start(KillChild.class); // starts while this one lives
                liveAndCheck(child, place.toFile());
                if (kill % KILLS_PER_STORE == KILLS_PER_STORE - 1) {
                    delete(place);
                }
                figures.add("kills", 1);
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
            child.order(place + "\t" + seed + "\t" + (at + 1));
            // from a few operations to some thousands
            for (int lines = 1 + random.nextInt(1 << 1 + random.nextInt(10)); lines > 0; lines--) {
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
        String where = "life " + seed + " from " + at + ", durable " + acknowledged.durable + ", written "
                + acknowledged.written + " in " + place;
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
                long begin = at;
                String payload = new String(store.durablePayload(), UTF_8);
                long recovered = payload.isEmpty() ? 0 : Long.parseLong(payload);
                assertThat(recovered)
                        .as("%s: commit after the kill", where)
                        .isGreaterThanOrEqualTo(Math.max(begin, acknowledged.durable));
                if (acknowledged.checkpoint >= 0) {
                    checkCheckpoint(
                            environment,
                            place,
                            replayed(seed, acknowledged.checkpoint),
                            acknowledged.checkpoint,
                            where);
                }
                model = replayed(seed, recovered);
                at = recovered;
                model.assertSame(store, KeyRange.all(), where + ", recovered " + recovered);
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

    /** The first kill may come before there is anything. */
    private static boolean isStore(FileStore files) throws IOException {
        return files.list().stream().anyMatch(name -> name.startsWith("MANIFEST-"));
    }

    private void checkCheckpoint(Environment environment, File place, Model state, long number, String where)
            throws IOException {
        FileStore files = FileStores.local(new File(place, "checkpoint-" + number));
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
    private Model replayed(long seed, long last) {
        ModelTarget target = new ModelTarget(model.copy());
        KillLife life = new KillLife(seed);
        for (long number = at + 1; number <= last; number++) {
            life.apply(number, target);
        }
        return target.model;
    }

    private static void delete(Path place) throws IOException {
        try (Stream<Path> files = Files.walk(place)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private record ModelTarget(Model model) implements KillLife.Target {
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
            // the content stays as it is
        }

        @Override
        public void other(KillLife.Other what, long number) {
            // the content stays as it is
        }
    }
}
