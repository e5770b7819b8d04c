package io.forebay.store.wal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.Durability;
import io.forebay.store.Store;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damage to a log is told from an end that a crash left, and refused. */
class WalDamageTest extends ChangedLogs {
    @Test
    void everyFlippedBitOfASyncedLogIsNoticed() throws IOException {
        write(open(files, 7));
        everyFlip();
    }

    @Test
    void everyFlippedBitOfAnEncryptedLogIsNoticed() throws IOException {
        encryption = KEYS;
        Store store = open(files, 7);
        write(store);
        byte[] log = read(files, logs(files).get(0));
        assertThat(new String(log, ISO_8859_1)).doesNotContain("value", "key1", "key2");
        assertThat(store.encryptionKeyIds()).containsExactly("k");
        everyFlip();
    }

    private void everyFlip() throws IOException {
        CrashFileStore left = files.afterKill();
        String name = logs(left).get(0);
        byte[] log = read(left, name);
        try (SteppedEnvironment stepped = new SteppedEnvironment(1 << 20)) {
            for (int at = 0; at < log.length; at++) {
                for (int bit = 0; bit < 8; bit++) {
                    byte[] flipped = log.clone();
                    flipped[at] ^= (byte) (1 << bit);
                    CrashFileStore damaged = with(left, name, flipped);
                    int where = at;
                    assertThatThrownBy(() -> stepped.environment.open(damaged, options()))
                            .as("bit %d of byte %d of %d", bit, where, log.length)
                            .isInstanceOf(CorruptionException.class)
                            .hasMessageContaining(name);
                }
            }
        }
    }

    @Test
    void aBadRecordInTheMiddleIsRefusedAndStaysSo() throws IOException {
        Store store = open(files, 7);
        byte[] value = new byte[2000]; // zeros look like sectors that were not written, and are none
        for (int i = 0; i < 5; i++) {
            store.put(bytes("key" + i), value);
        }
        CrashFileStore left = files.afterKill();
        String name = logs(left).get(0);
        left.damage(name, 5000);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> open(left, 1))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(name)
                    .hasMessageContaining("synced");
        }
    }

    @Test
    void aBadRecordInTheMiddleOfABufferedLogIsRefused() throws IOException {
        Store store = environment(7)
                .environment
                .open(files, builder().durability(Durability.BUFFERED).build());
        for (int i = 0; i < 100; i++) {
            store.put(bytes("key" + i), bytes("value"));
        }
        CrashFileStore left = files.afterKill();
        left.damage(logs(left).get(0), left.size(logs(left).get(0)) / 2);
        assertThatThrownBy(() -> open(left, 1)).isInstanceOf(CorruptionException.class);
    }

    /** Values whose every fifth byte looks like a head that leads far into the log: a search must not be tired out by them. */
    @Test
    void aBadRecordBeforeManyBytesThatLookLikeHeadsIsRefused() throws IOException {
        byte[] value = new byte[256 << 10];
        ByteBuffer lookalikes = ByteBuffer.wrap(value);
        while (lookalikes.remaining() >= 5) {
            lookalikes.put((byte) 0xD0).putInt(1 << 20);
        }
        try (SteppedEnvironment stepped = new SteppedEnvironment(64 << 20, new Random(7))) {
            Store store = stepped.environment.open(files, options());
            for (int i = 0; i < 16; i++) {
                store.put(bytes("key" + i), value);
            }
            CrashFileStore left = files.afterKill();
            assertThat(logs(left)).hasSize(1);
            String name = logs(left).get(0);
            byte[] log = read(left, name);
            for (int at : new int[] {value.length, value.length + value.length / 2}) {
                byte[] damaged = log.clone();
                Arrays.fill(damaged, at / 512 * 512, at / 512 * 512 + 512, (byte) 0); // as a crash does
                assertThatThrownBy(() -> stepped.environment.open(with(left, name, damaged), options()))
                        .isInstanceOf(CorruptionException.class)
                        .hasMessageContaining("synced");
            }
        }
    }

    /** Only a length that is whole says that the rest of a record was cut off. */
    @Test
    void aLengthOfALastRecordThatLeadsBeyondTheEndIsDamage() throws IOException {
        Store store = environment(7)
                .environment
                .open(files, builder().durability(Durability.BUFFERED).build());
        store.put(bytes("first"), bytes("value"));
        long before = files.size(logs(files).get(0));
        store.put(bytes("last"), bytes("value"));
        CrashFileStore left = files.afterKill();
        String name = logs(left).get(0);
        byte[] log = read(left, name);
        for (int cut = 0; cut < log.length - before - 13; cut++) {
            byte[] longer = Arrays.copyOf(log, log.length - cut);
            longer[(int) before + 2] ^= 1;
            assertThatThrownBy(() -> open(with(left, name, longer), 1))
                    .as("%d bytes cut off", cut)
                    .isInstanceOf(CorruptionException.class);
        }
    }
}
