package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.CrashFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A restore is durable on return, although whoever brought its files has synced none of them. */
class RestoreDurabilityTest {
    private static final int ROWS = 300;
    private static final byte[] PAYLOAD = "payload".getBytes(UTF_8);

    private final Environment environment =
            Environment.builder().memoryBytes(2 << 20).build();
    private final CrashFileStore target = new CrashFileStore();
    private Checkpoint checkpoint;

    @BeforeEach
    void takeCheckpoint() {
        StoreOptions options = StoreOptions.builder().valueFileThreshold(100).build();
        Store source = environment.open(new MemoryFileStore(), options);
        for (int i = 0; i < ROWS; i++) {
            source.put(("key" + i).getBytes(UTF_8), new byte[length(i)]);
        }
        checkpoint = source.checkpoint(PAYLOAD);
        checkpoint.completion().join();
    }

    /** Half of the values are in a value file. */
    private static int length(int row) {
        return 50 + 50 * (row % 2);
    }

    @AfterEach
    void close() {
        environment.close();
    }

    @Test
    void filesDownloadedIntoItsPlace() throws IOException {
        copyTo(target);
        restoreFrom(target);
        survivesPowerLoss();
    }

    @Test
    void filesLinkedFromACopiedBackup() throws IOException {
        FileStore backup = target.disk().directory("backup");
        copyTo(backup);
        restoreFrom(backup);
        survivesPowerLoss();
    }

    private void copyTo(FileStore place) throws IOException {
        for (CheckpointFile file : checkpoint.files()) {
            try (ReadableFile in = checkpoint.open(file);
                    WritableFile out = place.create(file.name())) {
                ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(in.size()));
                in.read(0, bytes);
                out.append(bytes.flip());
            }
        }
    }

    private void restoreFrom(FileStore place) {
        Store restored = environment.restore(
                target,
                StoreOptions.defaults(),
                List.of(new RestoreSource(place, checkpoint.metadata(), KeyRange.all())),
                PAYLOAD);
        assertThat(restored.durablePayload()).isEqualTo(PAYLOAD);
    }

    private void survivesPowerLoss() {
        for (int seed = 0; seed < 20; seed++) {
            CrashFileStore disk = target.afterCrash(new Random(seed));
            try (Environment next = Environment.builder().memoryBytes(2 << 20).build();
                    Store store = next.open(disk, StoreOptions.defaults())) {
                assertThat(store.durablePayload()).as("seed %d", seed).isEqualTo(PAYLOAD);
                for (int i = 0; i < ROWS; i++) {
                    assertThat(store.get(("key" + i).getBytes(UTF_8)))
                            .as("seed %d, row %d", seed, i)
                            .hasSize(length(i));
                }
            }
        }
    }
}
