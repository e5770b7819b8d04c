package io.forebay.store.sst.filter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.key.KeyHash;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bits of a filter, and with them the hash of keys, do not change within a format version. */
class FilterFormatTest {
    private static final int KEYS = 80;
    private static final int BITS_PER_KEY = 10;

    @Test
    void bytesAreAsEver() {
        FilterBuilder builder = new FilterBuilder(BITS_PER_KEY);
        for (int i = 0; i < KEYS; i++) {
            builder.add(hash("key" + i));
        }
        ByteBuffer bytes = ByteBuffer.allocate(BlockedBloom.lines(KEYS, BITS_PER_KEY) * BlockedBloom.LINE_BYTES);
        for (long word : builder.build(KEYS)) {
            bytes.putLong(word);
        }
        GoldenBytes.verify("filter", bytes.array());
    }

    @Test
    void filtersOfOldKnowTheirKeys() {
        Slab filter = new Slab(ByteBuffer.wrap(GoldenBytes.read("filter")));
        List<Integer> letThrough = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            long hash = hash("key" + i);
            int at = BlockedBloom.line(hash, filter.capacity() / BlockedBloom.LINE_BYTES) * BlockedBloom.LINE_BYTES;
            boolean found = BlockedBloom.mayContain(filter, at, hash, BlockedBloom.probes(BITS_PER_KEY));
            assertThat(found || i >= KEYS).as("key%d", i).isTrue();
            if (found && i >= KEYS) {
                letThrough.add(i);
            }
        }
        assertThat(letThrough).containsExactly(120, 519, 953);
    }

    private static long hash(String key) {
        byte[] bytes = key.getBytes(StandardCharsets.US_ASCII);
        return KeyHash.of(bytes, 0, bytes.length);
    }
}
