package io.forebay.store.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class ValueReferenceTest {
    private static ValueReference read(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        return ValueReference.read(new Slab(ByteBuffer.wrap(bytes)), 0, bytes.length, "x.sst", 500);
    }

    @Test
    void theWorkedExample() {
        byte[] bytes = new byte[ValueReference.MAX_BYTES];
        int end = new ValueReference(0, 300, 1000).write(bytes, 0);
        assertThat(HexFormat.of().formatHex(bytes, 0, end)).isEqualTo("00ac02e807");
        assertThat(read("00 ac02 e807")).isEqualTo(new ValueReference(0, 300, 1000));
    }

    @Test
    void randomReferencesComeBack() {
        Seeded.run(ValueReferenceTest.class, 2_000, random -> {
            int length = 1 + (random.nextInt(ValueFileWriter.MAX_VALUE_BYTES) >>> random.nextInt(31));
            long offset = Math.min(8 + (random.nextLong() >>> 24 + random.nextInt(37)), (1L << 40) - length);
            ValueReference reference = new ValueReference(random.nextInt() >>> 1 + random.nextInt(31), offset, length);
            byte[] bytes = new byte[3 + ValueReference.MAX_BYTES];
            int end = reference.write(bytes, 3);
            Slab slab = new Slab(ByteBuffer.wrap(Arrays.copyOf(bytes, end)));
            assertThat(ValueReference.read(slab, 3, end - 3, "x.sst", 500)).isEqualTo(reference);
        });
    }

    @Test
    void whatIsNoReferenceIsRefused() {
        assertCorrupt("");
        assertCorrupt("00 ac02"); // no length
        assertCorrupt("00 ac02 e8"); // a length that does not end
        assertCorrupt("00 ac02 e807 00"); // more than a reference
        assertCorrupt("00 ac02 8000"); // not the shortest form
        assertCorrupt("00 07 01"); // before the first value
        assertCorrupt("00 08 00"); // no bytes
        assertCorrupt("00 08 ffffffff07"); // more bytes than an array has
        assertCorrupt("8080808008 08 01"); // more files than a list has
        assertCorrupt("00 808080808020 01"); // behind the end of the longest file
        assertCorrupt("ffffffffffffffffff01 08 01");
        assertThatThrownBy(() -> new ValueReference(0, 7, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertCorrupt(String hex) {
        assertThatThrownBy(() -> read(hex)).isInstanceOfSatisfying(CorruptionException.class, e -> {
            assertThat(e.file()).isEqualTo("x.sst");
            assertThat(e.offset()).isEqualTo(500);
            assertThat(e).hasMessageContaining("a reference to a value");
        });
    }
}
