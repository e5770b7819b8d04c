package io.forebay.store.compress;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.Compression;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Payloads of compressed blocks. The first two bytes of an input say how long the content is supposed to be. */
class CodecFuzzTest extends FuzzTests {
    private static final int MARGIN = 16;

    static final FuzzTarget LZ4 = FuzzTarget.of("lz4", input -> decompress(Compression.LZ4, input))
            .refusesWith(BadPayloadException.class)
            .seeds(payload(Compression.LZ4, text()), payload(Compression.LZ4, new byte[9000]))
            .allocates(1 << 20, 16);

    static final FuzzTarget ZSTD = FuzzTarget.of("zstd", input -> decompress(Compression.ZSTD, input))
            .refusesWith(BadPayloadException.class)
            .seeds(payload(Compression.ZSTD, text()), payload(Compression.ZSTD, new byte[9000]))
            .allocates(1 << 20, 16);

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void lz4(byte[] input) {
        LZ4.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void zstd(byte[] input) {
        ZSTD.accept(input);
    }

    private static void decompress(Compression compression, byte[] input) throws BadPayloadException {
        if (input.length < 2) {
            return;
        }
        int length = ByteBuffer.wrap(input).getShort() & 0xFFFF;
        byte[] content = new byte[length + 2 * MARGIN];
        Arrays.fill(content, (byte) 0x5A);
        Codec codec = Codecs.of(compression, "fuzzing");
        long most = mostContent(codec, input);
        boolean whole = false;
        try {
            codec.decompress(input, 2, input.length - 2, content, MARGIN, length);
            whole = true;
        } finally {
            // No payload at all is as good as one of nothing.
            require(!whole || length <= Math.max(0, most), "no more content than the structure of the payload allows");
            for (int i = 0; i < MARGIN; i++) {
                boolean untouched = content[i] == 0x5A && content[content.length - 1 - i] == 0x5A;
                require(untouched, "nothing is written beside the content");
            }
        }
    }

    /** -1 for what is no payload at all. */
    private static long mostContent(Codec codec, byte[] input) {
        try {
            long most = codec.mostContent(input, 2, input.length - 2);
            require(most >= 0, "a length");
            return most;
        } catch (BadPayloadException e) {
            return -1;
        }
    }

    private static byte[] text() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            text.append("key")
                    .append(i % 7)
                    .append(" value ")
                    .append(i * 31 % 17)
                    .append(';');
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] payload(Compression compression, byte[] content) {
        byte[] payload = new byte[2 + content.length];
        ByteBuffer.wrap(payload).putShort((short) content.length);
        int length = Codecs.of(compression, "fuzzing").compress(content, 0, content.length, payload, 2, content.length);
        return Arrays.copyOf(payload, 2 + length);
    }
}
