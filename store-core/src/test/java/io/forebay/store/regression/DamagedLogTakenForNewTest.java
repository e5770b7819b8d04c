package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.KeyProvider;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A log of a few KiB whose first sector was damaged was dropped as one that had just been started, with one group of
 * acknowledged writes in it; {@code verify} called it clean.
 */
class DamagedLogTakenForNewTest {
    private static final byte[] FIRST = "first".getBytes(UTF_8);
    private static final byte[] PAYLOAD = "payload".getBytes(UTF_8);
    private static final int SECTOR = 512;
    /** Of magic, version, id, number, length of the envelope and checksum. */
    private static final int HEADER = 36;

    private static final int ENVELOPE_LENGTH_AT = 28;
    private static final int RECORD_OVERHEAD = 14;
    /** Most bytes of header and start of a plain log. */
    private static final int LONGEST_BEGIN = 70;

    /** As one whose wrapped keys are longer than a sector. */
    private static final KeyProvider LONG_KEYS = new KeyProvider() {
        @Override
        public String currentKeyId() {
            return "k";
        }

        @Override
        public WrappedKey wrap(byte[] dataKey) {
            byte[] wrapped = new byte[3 * SECTOR];
            Arrays.fill(wrapped, (byte) 7);
            System.arraycopy(dataKey, 0, wrapped, 0, dataKey.length);
            return new WrappedKey("k", wrapped);
        }

        @Override
        public byte[] unwrap(String keyId, byte[] wrapped) {
            return Arrays.copyOf(wrapped, 32);
        }
    };

    private SteppedEnvironment stepped = new SteppedEnvironment();
    private CrashFileStore disk = new CrashFileStore();
    private KeyProvider keys;

    @AfterEach
    void closeEverything() {
        stepped.close();
    }

    private StoreOptions.Builder options() {
        StoreOptions.Builder options = StoreOptions.builder().durability(Durability.SYNCED);
        return keys == null ? options : options.encryption(keys);
    }

    /** With a row in a file, and so many writes in the log behind it. */
    private CrashFileStore withWrites(int writes, int valueBytes, boolean commit) {
        Store store = stepped.open(disk, options());
        store.put(FIRST, FIRST);
        store.flush();
        for (int i = 0; i < writes; i++) {
            store.put(("key" + i).getBytes(UTF_8), new byte[valueBytes]);
        }
        if (commit) {
            store.commitDurably(PAYLOAD);
        }
        return disk.afterKill();
    }

    private static String newestLog(CrashFileStore files) {
        return files.list().stream()
                .filter(name -> name.startsWith("WAL-"))
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    private static byte[] read(FileStore from, String name) throws IOException {
        try (ReadableFile file = from.open(name)) {
            byte[] content = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(content));
            return content;
        }
    }

    private static void replace(CrashFileStore files, String name, byte[] content) throws IOException {
        files.delete(name);
        try (WritableFile file = files.create(name)) {
            file.append(ByteBuffer.wrap(content));
            file.sync();
        }
        files.syncDirectory();
    }

    /** As a crash leaves it that kept some of it from the disk. */
    private void assertTaken(CrashFileStore left, String log, byte[] content) throws IOException {
        replace(left, log, content);
        CrashFileStore copy = left.afterKill();
        assertThat(stepped.environment.verify(copy, keys).isClean())
                .as("%d bytes", content.length)
                .isTrue();
        try (Store store = stepped.open(copy, options())) {
            assertThat(store.get(FIRST)).isEqualTo(FIRST);
            assertThat(store.get("key0".getBytes(UTF_8))).isNull();
        }
    }

    private void assertRefused(CrashFileStore left, String log, byte[] content) throws IOException {
        replace(left, log, content);
        assertThat(stepped.environment.verify(left, keys).isClean()).isFalse();
        assertThatThrownBy(() -> stepped.open(left, options()))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(log);
    }

    private static byte[] withoutSector(byte[] content, int from) {
        byte[] damaged = content.clone();
        Arrays.fill(damaged, from, Math.min(from + SECTOR, content.length), (byte) 0);
        return damaged;
    }

    private static byte[] withGarbage(byte[] content) {
        byte[] damaged = content.clone();
        byte[] garbage = new byte[Math.min(SECTOR, content.length)];
        new Random(1).nextBytes(garbage);
        System.arraycopy(garbage, 0, damaged, 0, garbage.length);
        return damaged;
    }

    /** Header and start, which are synced before anything else is written. */
    private static byte[] begin(byte[] log) {
        ByteBuffer bytes = ByteBuffer.wrap(log);
        int start = HEADER + bytes.getInt(ENVELOPE_LENGTH_AT);
        return Arrays.copyOf(log, start + RECORD_OVERHEAD + bytes.getInt(start + 1));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 6000, true",
        "1, 100, true",
        "1, 1000, false",
        "2, 1000, false",
        "0, 0, true",
        "1, 0, false",
        "30, 20, false",
        "1, 20000, false"
    })
    void anotherFirstSectorOfALogThatWasWrittenToIsDamage(int writes, int valueBytes, boolean commit)
            throws IOException {
        CrashFileStore left = withWrites(writes, valueBytes, commit);
        String log = newestLog(left);
        byte[] whole = read(left, log);
        assertRefused(left, log, withGarbage(whole));
        if (whole.length > LONGEST_BEGIN) { // else zeros are no less than what was begun
            assertRefused(left, log, withoutSector(whole, 0));
        }
    }

    @Test
    void theSameOfAnEncryptedLog() throws IOException {
        for (KeyProvider provider : List.of(TestKeys.provider("k"), LONG_KEYS)) {
            keys = provider;
            CrashFileStore left = withWrites(2, 1000, true);
            String log = newestLog(left);
            byte[] whole = read(left, log);
            assertRefused(left, log, withGarbage(whole));
            assertRefused(left, log, withoutSector(whole, 0));
            assertRefused(left, log, withGarbage(begin(whole)));
            closeEverything();
            stepped = new SteppedEnvironment();
            disk = new CrashFileStore();
        }
    }

    @Test
    void whatACrashLeavesOfABeginIsOfNoUse() throws IOException {
        for (KeyProvider provider : Arrays.asList(null, LONG_KEYS)) {
            keys = provider;
            CrashFileStore left = withWrites(1, 10, false);
            String log = newestLog(left);
            byte[] begin = begin(read(left, log));
            for (int length = 0; length <= begin.length; length += begin.length > SECTOR ? 13 : 1) {
                byte[] part = Arrays.copyOf(begin, length);
                assertTaken(left, log, part);
                assertTaken(left, log, withoutSector(part, 0));
            }
            for (int from = 0; from < begin.length; from += SECTOR) {
                assertTaken(left, log, withoutSector(begin, from));
            }
            closeEverything();
            stepped = new SteppedEnvironment();
            disk = new CrashFileStore();
        }
    }
}
