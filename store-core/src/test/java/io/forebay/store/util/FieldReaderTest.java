package io.forebay.store.util;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldReaderTest {
    private static final int OFFSET = 1000;

    private static FieldReader reader(int... octets) {
        FieldWriter out = new FieldWriter();
        Arrays.stream(octets).forEach(out::octet);
        return new FieldReader(out.array(), out.size(), "f", OFFSET);
    }

    private static void assertCorrupt(Consumer<FieldReader> read, int offset, String expected, int... octets) {
        assertThatThrownBy(() -> read.accept(reader(octets)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("file f at offset " + (OFFSET + offset))
                .hasMessageContaining(expected);
    }

    @Test
    void readsWhatWasWritten() {
        byte[] large = new byte[10_000];
        Arrays.fill(large, (byte) 7);
        FieldWriter part = new FieldWriter().string("käse".getBytes(UTF_8));
        FieldWriter out = new FieldWriter()
                .number(0)
                .number(-1)
                .fixed(0x8123456789ABCDEFL)
                .octet(255)
                .string(large)
                .append(part)
                .number(Long.MAX_VALUE);
        assertThat(out.toByteArray()).hasSize(out.size()).isEqualTo(Arrays.copyOf(out.array(), out.size()));
        FieldReader in = new FieldReader(out.array(), out.size(), "f", OFFSET);
        assertThat(in.number()).isZero();
        assertThat(in.number()).isEqualTo(-1);
        assertThat(in.fixed()).isEqualTo(0x8123456789ABCDEFL);
        assertThat(in.octet()).isEqualTo(255);
        assertThat(in.string("length")).isEqualTo(large);
        assertThat(in.text("a name")).isEqualTo("käse");
        assertThat(in.hasMore()).isTrue();
        assertThat(in.number("a number")).isEqualTo(Long.MAX_VALUE);
        assertThat(in.hasMore()).isFalse();
        in.end();
    }

    @Test
    void aNumberHasItsShortestForm() {
        assertCorrupt(FieldReader::number, 0, "a number in its shortest form", 0x80, 0);
        assertCorrupt(FieldReader::number, 0, "a number in its shortest form", 0xFF, 0xFF);
        assertCorrupt(FieldReader::number, 0, "a number in its shortest form");
        int[] tooLarge = new int[10];
        Arrays.fill(tooLarge, 0xFF);
        tooLarge[9] = 2;
        assertCorrupt(FieldReader::number, 0, "a number in its shortest form", tooLarge);
    }

    /** The array may go on behind what is to be read. */
    @Test
    void nothingIsReadBeyondTheEnd() {
        byte[] bytes = {(byte) 0x80, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        for (Consumer<FieldReader> read : Arrays.<Consumer<FieldReader>>asList(
                FieldReader::number, FieldReader::fixed, in -> in.bytes(2), in -> in.string("length"))) {
            assertThatThrownBy(() -> read.accept(new FieldReader(bytes, 1, "f", OFFSET)))
                    .isInstanceOf(CorruptionException.class);
        }
        assertThatThrownBy(() -> new FieldReader(bytes, 0, "f", OFFSET).octet())
                .isInstanceOf(CorruptionException.class);
    }

    @Test
    void aNumberOutsideOfItsLimitsIsCorrupt() {
        assertCorrupt(in -> in.number("a block size", 1, 4), 0, "a block size from 1 to 4", 5);
        assertCorrupt(in -> in.number("a block size", 1, 4), 0, "a block size from 1 to 4", 0);
        assertCorrupt(
                in -> in.number("a sequence"),
                0,
                "a sequence of 0 or more",
                255,
                255,
                255,
                255,
                255,
                255,
                255,
                255,
                255,
                1);
    }

    /** A forged count must not lead to a large allocation. */
    @ParameterizedTest
    @ValueSource(ints = {3, 127})
    void aCountIsLimitedByTheBytesThatAreLeft(int count) {
        assertCorrupt(in -> in.count("items", 2), 0, "items from 0 to 2", count, 0, 0, 0, 0);
        assertThat(reader(2, 0, 0, 0, 0).count("items", 2)).isEqualTo(2);
    }

    @Test
    void aLengthIsLimitedByTheBytesThatAreLeft() {
        assertCorrupt(in -> in.string("length of a key"), 1, "expected 3 bytes, found 2 bytes", 3, 0, 0);
        assertCorrupt(in -> in.string("length of a key"), 0, "length of a key from 0 to 3", 127, 0, 0);
    }

    @Test
    void aTextIsUtf8() {
        assertCorrupt(in -> in.text("a name"), 0, "a name in UTF-8", 2, 0xC3, 0x28);
    }

    @Test
    void whatIsLeftIsCorrupt() {
        assertCorrupt(FieldReader::end, 0, "the end of the block", 1, 2);
    }
}
