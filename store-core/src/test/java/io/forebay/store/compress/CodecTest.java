package io.forebay.store.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.testing.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes in comes out, and what never went in does not. */
class CodecTest {
    private static final int[] LENGTHS = {1, 2, 15, 16, 100, 4096, 65536, 300_000};

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void contentSurvives(Compression compression) {
        Codec codec = Codecs.of(compression, "a test");
        Seeds.run(getClass(), 20, seed -> {
            Random random = new Random(seed);
            for (int length : LENGTHS) {
                byte[] content = content(random, length + 7);
                byte[] payload = new byte[2 * length + 200];
                int packed = codec.compress(content, 3, length, payload, 5, payload.length - 5);
                assertThat(packed).isPositive();
                assertThat((long) length).isLessThanOrEqualTo(Codecs.mostContent(compression, packed));
                assertThat(mostContent(codec, payload, 5, packed)).isEqualTo(length);
                byte[] back = new byte[length + 4];
                decompress(codec, payload, 5, packed, back, 2, length);
                assertThat(Arrays.copyOfRange(back, 2, 2 + length))
                        .isEqualTo(Arrays.copyOfRange(content, 3, 3 + length));
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void tooLittleRoomIsSaid(Compression compression) {
        Codec codec = Codecs.of(compression, "a test");
        byte[] noise = new byte[1000];
        new Random(1).nextBytes(noise);
        byte[] payload = new byte[2000];
        assertThat(codec.compress(noise, 0, 1000, payload, 0, 900)).isEqualTo(Codec.TOO_LARGE);
        assertThat(payload).as("bytes behind the room").endsWith(new byte[1100]);
    }

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void onlyWholePayloadsAreTaken(Compression compression) {
        Codec codec = Codecs.of(compression, "a test");
        Seeds.run(getClass(), 200, seed -> {
            Random random = new Random(seed);
            int length = 1 + random.nextInt(3000);
            byte[] content = content(random, length);
            byte[] payload = new byte[2 * length + 200];
            int packed = codec.compress(content, 0, length, payload, 0, payload.length);
            for (int wrong : new int[] {length - 1, length + 1, 10 * length}) {
                assertThatThrownBy(() -> codec.decompress(payload, 0, packed, new byte[wrong], 0, wrong))
                        .isInstanceOf(BadPayloadException.class);
            }
            assertThatThrownBy(() -> codec.decompress(payload, 0, packed - 1, new byte[length], 0, length))
                    .isInstanceOf(BadPayloadException.class);
            assertThatThrownBy(() -> codec.mostContent(payload, 0, packed - 1)).isInstanceOf(BadPayloadException.class);
            byte[] garbage = payload.clone();
            random.nextBytes(garbage);
            try {
                // at most what a look at the structure allows, or nothing of the kind
                assertThat(codec.mostContent(garbage, 0, packed))
                        .isLessThanOrEqualTo(Codecs.mostContent(compression, packed));
            } catch (BadPayloadException expected) {
                assertThat(expected).hasMessageNotContaining("null");
            }
            byte[] into = new byte[length + 8];
            try {
                codec.decompress(garbage, 0, packed, into, 4, length);
            } catch (BadPayloadException expected) {
                assertThat(expected).hasMessageNotContaining("null");
            }
            assertThat(Arrays.copyOf(into, 4)).as("bytes before the content").containsOnly(0);
            assertThat(Arrays.copyOfRange(into, length + 4, length + 8))
                    .as("bytes behind it")
                    .containsOnly(0);
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void aFailedCallLeavesNothingBehind(Compression compression) throws BadPayloadException {
        Codec codec = Codecs.of(compression, "a test");
        Random random = new Random(5);
        byte[] content = content(random, 4096);
        byte[] payload = new byte[9000];
        byte[] again = new byte[9000];
        int packed = codec.compress(content, 0, 4096, payload, 0, 9000);
        for (int cut = 1; cut < packed; cut += 37) {
            int shorter = packed - cut;
            byte[] back = new byte[4096];
            assertThatThrownBy(() -> codec.decompress(payload, 0, shorter, back, 0, 4096))
                    .isInstanceOf(BadPayloadException.class);
            assertThat(codec.compress(content, 0, 4096, again, 0, shorter)).isEqualTo(Codec.TOO_LARGE);
            codec.decompress(payload, 0, packed, back, 0, 4096);
            assertThat(back).isEqualTo(content);
            assertThat(codec.compress(content, 0, 4096, again, 0, 9000)).isEqualTo(packed);
            assertThat(Arrays.copyOf(again, packed)).isEqualTo(Arrays.copyOf(payload, packed));
        }
    }

    /** More of them than there are workspaces to share. */
    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void threadsDoNotMeet(Compression compression) throws InterruptedException {
        Codec codec = Codecs.of(compression, "a test");
        List<Thread> threads = new ArrayList<>();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < 20; i++) {
            Random random = new Random(i);
            Thread thread = new Thread(() -> {
                for (int round = 0; round < 200; round++) {
                    byte[] content = content(random, 1 + random.nextInt(5000));
                    byte[] payload = new byte[2 * content.length + 200];
                    int packed = codec.compress(content, 0, content.length, payload, 0, payload.length);
                    byte[] back = new byte[content.length];
                    decompress(codec, payload, 0, packed, back, 0, back.length);
                    assertThat(back).isEqualTo(content);
                }
            });
            thread.setUncaughtExceptionHandler((failed, e) -> failures.add(e));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }

    private static void decompress(Codec codec, byte[] from, int at, int length, byte[] into, int intoAt, int content) {
        try {
            codec.decompress(from, at, length, into, intoAt, content);
        } catch (BadPayloadException e) {
            throw new AssertionError(e);
        }
    }

    /** From noise to nothing but zeros. */
    private static long mostContent(Codec codec, byte[] payload, int at, int length) {
        try {
            return codec.mostContent(payload, at, length);
        } catch (BadPayloadException e) {
            throw new AssertionError("A payload of the codec", e);
        }
    }

    private static byte[] content(Random random, int length) {
        byte[] content = new byte[length];
        int kinds = 1 << random.nextInt(9);
        for (int i = 0; i < length; i++) {
            content[i] = (byte) random.nextInt(kinds);
        }
        return content;
    }
}
