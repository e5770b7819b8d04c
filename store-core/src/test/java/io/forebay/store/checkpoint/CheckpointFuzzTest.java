package io.forebay.store.checkpoint;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.CheckpointFile;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import io.forebay.store.util.Crc32c;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.VersionEdit;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Metadata of checkpoints, as it is and behind its checksum. */
class CheckpointFuzzTest extends FuzzTests {
    static final FuzzTarget CHECKPOINT =
            FuzzTarget.of("checkpoint", CheckpointFuzzTest::decode).seeds(CheckpointManifestTest.sampleBytes());
    static final FuzzTarget CHECKPOINT_BEHIND_CHECKSUM = FuzzTarget.of(
                    "checkpointBehindChecksum", CheckpointFuzzTest::decodeRepaired)
            .seeds(CheckpointManifestTest.sampleBytes());

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void checkpoint(byte[] input) {
        CHECKPOINT.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void checkpointBehindChecksum(byte[] input) {
        CHECKPOINT_BEHIND_CHECKSUM.accept(input);
    }

    private static void decodeRepaired(byte[] input) {
        if (input.length >= 20) {
            ByteBuffer out = ByteBuffer.wrap(input);
            // Else every change of length ends at the field that repeats it.
            out.putInt(12, input.length - 20);
            out.putInt(input.length - 4, Crc32c.masked(input, 0, input.length - 4));
        }
        decode(input);
    }

    private static void decode(byte[] input) {
        CheckpointManifest checkpoint = CheckpointManifest.decode(input);
        require(checkpoint.description().entries() >= 0, "a number of entries");
        for (CheckpointFile file : checkpoint.files()) {
            require(!file.range().isEmpty() && file.bytes() >= 0, "files with something in them");
        }
        require(checkpoint.lastSequence() >= 0 && checkpoint.payload() != null, "a state");
        plan(input);
        byte[] bytes = checkpoint.encode();
        byte[] again = CheckpointManifest.decode(bytes).encode();
        require(Arrays.equals(bytes, again), "the same when it is written again");
    }

    /** What a restore makes of it, of everything and of a part. */
    private static void plan(byte[] metadata) {
        for (KeyRange clip : List.of(KeyRange.all(), KeyRange.of(new byte[] {'b'}, new byte[] {'y'}))) {
            RestorePlan plan = RestorePlan.of(List.of(new RestoreSource(new MemoryFileStore(), metadata, clip)));
            Map<Long, List<FileMeta>> runs = new HashMap<>();
            for (VersionEdit.Added added : plan.added()) {
                require(added.rank() >= 0, "a rank");
                runs.computeIfAbsent(added.rank(), rank -> new ArrayList<>()).add(added.file());
            }
            runs.forEach(SortedRun::new);
        }
    }
}
