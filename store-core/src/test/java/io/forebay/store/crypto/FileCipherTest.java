package io.forebay.store.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.testing.TestKeys;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class FileCipherTest {
    private static final byte[] PLAIN = "sixteen and more bytes".getBytes(StandardCharsets.US_ASCII);

    private static FileCipher cipher(String file, long seed) throws Exception {
        return TestKeys.seeded(TestKeys.provider("k"), seed).create(file);
    }

    private static byte[] seal(FileCipher cipher, long position, int kind, byte[] plain) {
        byte[] sealed = new byte[plain.length + FileCipher.TAG_BYTES];
        cipher.seal(position, kind, plain, 0, plain.length, sealed, 0);
        return sealed;
    }

    private static byte[] open(FileCipher cipher, long position, int kind, byte[] sealed) {
        byte[] plain = new byte[Math.max(0, sealed.length - FileCipher.TAG_BYTES)];
        cipher.open(position, kind, sealed, 0, sealed.length, plain, 0, position);
        return plain;
    }

    private static void assertRefused(FileCipher cipher, long position, int kind, byte[] sealed) {
        assertThatThrownBy(() -> open(cipher, position, kind, sealed))
                .isInstanceOfSatisfying(
                        CorruptionException.class, e -> assertThat(e.offset()).isEqualTo(position));
    }

    /** Any implementation of AES-GCM reads it with what the format says. */
    @Test
    void isPlainAesGcmWithTheDocumentedNonceAndAssociatedData() throws Exception {
        FileCipher cipher = TestKeys.golden().create("f");
        byte[] sealed = seal(cipher, 0x0102030405060708L, 0x80, PLAIN);
        Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
        byte[] nonce = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
        gcm.init(Cipher.DECRYPT_MODE, new SecretKeySpec(new byte[32], "AES"), new GCMParameterSpec(128, nonce));
        gcm.updateAAD(new byte[] {1, (byte) 0x80, 1, 2, 3, 4, 5, 6, 7, 8, 'f'});
        assertThat(gcm.doFinal(sealed)).isEqualTo(PLAIN);
    }

    @Test
    void equalBytesLookDifferentAtEveryPositionAndInEveryFile() throws Exception {
        Set<ByteBuffer> seen = new HashSet<>();
        for (int file = 0; file < 10; file++) {
            FileCipher cipher = cipher("same-name", file);
            for (int position = 0; position < 100; position++) {
                assertThat(seen.add(ByteBuffer.wrap(seal(cipher, position, 0, new byte[32]), 0, 32)))
                        .isTrue();
            }
        }
    }

    @Test
    void opensNowhereElse() throws Exception {
        FileCipher cipher = cipher("a", 1);
        byte[] sealed = seal(cipher, 4096, 0, PLAIN);
        assertThat(open(cipher, 4096, 0, sealed)).isEqualTo(PLAIN);
        assertRefused(cipher, 4097, 0, sealed);
        assertRefused(cipher, 4096L << 32, 0, sealed);
        assertRefused(cipher, 4096, 1, sealed);
        assertRefused(cipher("a", 2), 4096, 0, sealed);
        assertRefused(cipher("b", 1), 4096, 0, sealed);
    }

    @Test
    void noticesEveryChangeAndEveryCut() throws Exception {
        FileCipher cipher = cipher("a", 1);
        byte[] sealed = seal(cipher, 7, 0, PLAIN);
        for (int at = 0; at < sealed.length; at++) {
            for (int change = 1; change < 256; change++) {
                byte[] damaged = sealed.clone();
                damaged[at] ^= (byte) change;
                assertRefused(cipher, 7, 0, damaged);
            }
            assertRefused(cipher, 7, 0, Arrays.copyOf(sealed, at));
        }
        assertRefused(cipher, 7, 0, Arrays.copyOf(sealed, sealed.length + 1));
        assertThat(open(cipher, 7, 0, sealed)).isEqualTo(PLAIN);
    }

    /** What did not authenticate must not be taken for data by a caller that goes on. */
    @Test
    void leavesNothingBehindWhenItRefuses() throws Exception {
        FileCipher cipher = cipher("a", 1);
        byte[] sealed = seal(cipher, 7, 0, PLAIN);
        sealed[sealed.length - 1] ^= 1;
        byte[] plain = new byte[PLAIN.length];
        assertThatThrownBy(() -> cipher.open(7, 0, sealed, 0, sealed.length, plain, 0, 7))
                .isInstanceOf(CorruptionException.class);
        assertThat(plain).containsOnly(0);
    }

    @Test
    void worksInsideOfArraysAndInPlace() throws Exception {
        FileCipher cipher = cipher("a", 1);
        byte[] buffer = new byte[1000];
        System.arraycopy(PLAIN, 0, buffer, 500, PLAIN.length);
        cipher.seal(500, 3, buffer, 500, PLAIN.length, buffer, 500);
        assertThat(Arrays.copyOfRange(buffer, 500, 500 + PLAIN.length + 16))
                .isEqualTo(seal(cipher("a", 1), 500, 3, PLAIN));
        byte[] out = new byte[100];
        cipher.open(500, 3, buffer, 500, PLAIN.length + 16, out, 10, 500);
        assertThat(Arrays.copyOfRange(out, 10, 10 + PLAIN.length)).isEqualTo(PLAIN);
    }

    @Test
    void isSharedByThreads() throws Exception {
        FileCipher cipher = cipher("a", 1);
        List<byte[]> plain = new ArrayList<>();
        List<byte[]> sealed = new ArrayList<>();
        Random random = new Random(5);
        for (int i = 0; i < 200; i++) {
            byte[] message = new byte[random.nextInt(3000)];
            random.nextBytes(message);
            plain.add(message);
            sealed.add(seal(cipher, i, 0, message));
        }
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                Random order = new Random(thread);
                running.add(threads.submit(() -> {
                    for (int i = 0; i < 1000; i++) {
                        int at = order.nextInt(200);
                        assertThat(open(cipher, at, 0, sealed.get(at))).isEqualTo(plain.get(at));
                    }
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void showsNoKey() throws Exception {
        assertThat(cipher("a", 1).toString()).isEqualTo("FileCipher[a under key k]");
    }
}
