package io.forebay.store.sst;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.KeyRange;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import io.forebay.store.util.Crc32c;
import io.forebay.store.values.ValueFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Encrypted SSTs with a right checksum of the footer: whatever opens is the file that was written. */
class EncryptedSstFuzzTest extends FuzzTests {
    private static final String NAME = "f";
    private static final long BUDGET = 8 << 20;
    private static final int FIXED_BYTES = 60;

    static final FuzzTarget ENCRYPTED_SST = FuzzTarget.of("encryptedSst", EncryptedSstFuzzTest::readRepaired)
            .golden("sst-v2-encrypted")
            .allocates(4 << 20, 256);

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void encryptedSst(byte[] input) {
        ENCRYPTED_SST.accept(input);
    }

    private static void readRepaired(byte[] input) throws IOException {
        repairFooter(input);
        SlabPool pool = new SlabPool(new HeapSlabs(), BUDGET);
        try (BlockCache cache = new BlockCache(pool);
                SstReader reader = SstReader.open(
                        new ByteArrayFile(input),
                        NAME,
                        ValueFile.NONE,
                        cache,
                        pool,
                        TestKeys.golden(),
                        "test-1",
                        SstMetadata.UNKNOWN)) {
            int entries = 0;
            try (InternalIterator iterator = reader.iterator(KeyRange.all(), -1)) {
                for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                    entries++;
                }
            }
            require(entries == reader.properties().entries(), "all entries or an error");
        }
        require(pool.used() == 0, "no memory is held after a close");
    }

    private static void repairFooter(byte[] input) {
        if (input.length < FIXED_BYTES) {
            return;
        }
        ByteBuffer out = ByteBuffer.wrap(input);
        int envelope = out.getInt(input.length - 20);
        int begin = input.length - FIXED_BYTES - envelope;
        if (envelope >= 0 && begin >= 0) {
            out.putInt(input.length - 12, Crc32c.masked(input, begin, input.length - 12 - begin));
        }
    }
}
