package io.forebay.store.version.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.util.Seeded;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ManifestReaderTest {
    private static final long ID = 0x0123456789ABCDEFL;
    private static final String GOLDEN =
            "0000000b4cfd33470102030123456789abcdef" + "00000009a18e9ce9ff0123456789abcdef";
    private static final int OVERHEAD = ManifestRecords.HEADER_BYTES + ManifestRecords.ID_BYTES;

    private static byte[] log(List<byte[]> records) throws IOException {
        return log(ID, records);
    }

    private static byte[] log(long id, List<byte[]> records) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        try (ManifestWriter writer = new ManifestWriter(files.create("log"), id)) {
            for (byte[] record : records) {
                writer.append(record);
                writer.sync();
            }
            try (ReadableFile file = files.open("log")) {
                assertThat(writer.size()).isEqualTo(file.size());
                ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
                file.read(0, bytes);
                return bytes.array();
            }
        }
    }

    private static ManifestReader reader(byte[] log) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        try (WritableFile file = files.create("log")) {
            file.append(ByteBuffer.wrap(log));
        }
        try (ReadableFile file = files.open("log")) {
            return new ManifestReader(file, "log");
        }
    }

    private static List<byte[]> read(byte[] log) throws IOException {
        ManifestReader reader = reader(log);
        List<byte[]> records = new ArrayList<>();
        for (byte[] record = reader.next(); record != null; record = reader.next()) {
            records.add(record);
        }
        assertThat(reader.next()).isNull();
        return records;
    }

    /** Incompressible bytes without zeros, so that no part of a record looks like a sector that was not written. */
    private static byte[] noise(Random random, int length) {
        byte[] record = new byte[length];
        for (int i = 0; i < length; i++) {
            record[i] = (byte) (1 + random.nextInt(255));
        }
        return record;
    }

    private static List<byte[]> someRecords(long seed) {
        Random random = new Random(seed);
        return List.of(noise(random, 1), noise(random, 40), noise(random, 700), noise(random, 3), noise(random, 90));
    }

    private static int start(List<byte[]> records, int index) {
        int at = 0;
        for (int i = 0; i < index; i++) {
            at += OVERHEAD + records.get(i).length;
        }
        return at;
    }

    @Test
    void goldenBytes() throws IOException {
        byte[] log = log(List.of(new byte[] {1, 2, 3}, new byte[] {(byte) 0xFF}));
        assertThat(HexFormat.of().formatHex(log)).isEqualTo(GOLDEN);
        assertThat(read(HexFormat.of().parseHex(GOLDEN))).containsExactly(new byte[] {1, 2, 3}, new byte[] {-1});
    }

    @Test
    void recordsComeBackInOrder() throws IOException {
        List<byte[]> records = someRecords(1);
        ManifestReader reader = reader(log(records));
        for (int i = 0; i < records.size(); i++) {
            assertThat(reader.next()).isEqualTo(records.get(i));
            assertThat(reader.contentPosition()).isEqualTo(start(records, i) + ManifestRecords.HEADER_BYTES);
        }
        assertThat(reader.next()).isNull();
        assertThat(reader.isTorn()).isFalse();
    }

    @Test
    void anEmptyLogHasNoRecords() throws IOException {
        assertThat(read(new byte[0])).isEmpty();
    }

    @Test
    void emptyRecordsAreRefused() throws IOException {
        try (ManifestWriter writer = new ManifestWriter(new MemoryFileStore().create("log"), ID)) {
            assertThatThrownBy(() -> writer.append(new byte[0])).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** A crash during an append leaves a beginning of the record: all before it are there, nothing else, no error. */
    @Test
    void aLogCutAnywhereIsAPrefix() throws IOException {
        List<byte[]> records = someRecords(2);
        byte[] log = log(records);
        int whole = 0;
        for (int length = 0; length <= log.length; length++) {
            if (whole < records.size() && length == start(records, whole + 1)) {
                whole++;
            }
            ManifestReader reader = reader(Arrays.copyOf(log, length));
            for (int i = 0; i < whole; i++) {
                assertThat(reader.next()).isEqualTo(records.get(i));
            }
            assertThat(reader.next()).as("cut at %d", length).isNull();
            assertThat(reader.isTorn()).isEqualTo(length != start(records, whole));
        }
    }

    /** A crash may also leave the length of the file, but not the last sectors: they read as zeros. */
    @Test
    void aLogWithUnwrittenSectorsAtTheEndIsAPrefix() throws IOException {
        List<byte[]> records = new ArrayList<>(someRecords(3));
        records.add(noise(new Random(4), 2_000));
        byte[] log = log(records);
        int last = start(records, records.size() - 1);
        for (int sector = last / 512; sector * 512 < log.length; sector++) {
            byte[] damaged = log.clone();
            int from = Math.max(last, sector * 512);
            Arrays.fill(damaged, from, Math.min(log.length, (sector + 1) * 512), (byte) 0);
            assertThat(read(damaged)).as("zeros from %d", from).hasSize(records.size() - 1);
            Arrays.fill(damaged, from, log.length, (byte) 0);
            assertThat(read(damaged)).as("zeros from %d to the end", from).hasSize(records.size() - 1);
        }
    }

    /** The border of the sector may lie in the checksum, whose first bytes may be zeros by chance: then nothing is missing at all. */
    @Test
    void aLastRecordWhoseChecksumBeginsWithZerosInAnUnwrittenSectorIsWhole() throws IOException {
        for (int zeros = 1; zeros <= 2; zeros++) {
            int begin = 512 - 4 - zeros;
            List<byte[]> records = new ArrayList<>(List.of(new byte[begin - OVERHEAD]));
            byte[] log = null;
            for (int i = 0; log == null || log[512 - zeros] != 0 || log[511] != 0; i++) {
                byte[] last = ByteBuffer.allocate(40).putInt(i).putInt(17).array();
                log = log(List.of(records.get(0), last));
                if (log[512 - zeros] == 0 && log[511] == 0) {
                    records.add(last);
                }
            }
            Arrays.fill(log, begin, 512, (byte) 0);
            assertThat(read(log)).hasSize(2);
        }
    }

    /** As a host makes it whose payload holds the manifest of another store, or of this one. */
    @Test
    void aContentThatHoldsRecordsIsTornLikeAnyOther() throws IOException {
        List<byte[]> records = someRecords(8);
        byte[] other = log(List.of(noise(new Random(9), 30), noise(new Random(10), 50)));
        for (int index = 0; index < records.size(); index++) {
            List<byte[]> holding = new ArrayList<>(records.subList(0, index));
            byte[] own = index == 0 ? other : log(records.subList(0, index));
            holding.add(ByteBuffer.allocate(own.length + other.length + 100)
                    .put(own)
                    .put(other)
                    .put(noise(new Random(index), 100))
                    .array());
            byte[] log = log(holding);
            for (int cut = 1; cut <= 100; cut += 33) {
                assertThat(read(Arrays.copyOf(log, log.length - cut))).hasSize(index);
            }
        }
    }

    /** Behind a file whose length outlived its bytes may lie what an older file had there. */
    @Test
    void recordsOfAnotherLogInTheSamePlaceAreNone() throws IOException {
        List<byte[]> records = someRecords(11);
        byte[] log = log(ID, records);
        byte[] older = log(ID + 1, someRecords(12));
        for (int whole = 1; whole < records.size(); whole++) {
            byte[] mixed = older.clone();
            System.arraycopy(log, 0, mixed, 0, start(records, whole));
            ManifestReader reader = reader(mixed);
            for (int i = 0; i < whole; i++) {
                assertThat(reader.next()).isEqualTo(records.get(i));
            }
            assertThatThrownBy(reader::next).isInstanceOf(CorruptionException.class);
        }
    }

    @Test
    void zerosBehindTheLastRecordEndTheLog() throws IOException {
        List<byte[]> records = someRecords(5);
        byte[] log = log(records);
        for (int zeros : new int[] {1, 7, 8, 9, 511, 512, 5_000}) {
            assertThat(read(Arrays.copyOf(log, log.length + zeros))).hasSize(records.size());
        }
    }

    /** No flipped bit goes unnoticed, wherever it is, and what is returned before the error is true. */
    @Test
    void everyFlippedBitIsCorruptionNamedByFileAndOffset() throws IOException {
        List<byte[]> records = someRecords(6);
        byte[] log = log(records);
        for (int record = 0; record < records.size(); record++) {
            int end = start(records, record + 1);
            for (int at = start(records, record); at < end; at++) {
                for (int bit = 0; bit < 8; bit++) {
                    byte[] damaged = log.clone();
                    damaged[at] ^= (byte) (1 << bit);
                    ManifestReader reader = reader(damaged);
                    for (int i = 0; i < record; i++) {
                        assertThat(reader.next()).isEqualTo(records.get(i));
                    }
                    int offset = start(records, record);
                    assertThatThrownBy(reader::next)
                            .as("bit %d of byte %d", bit, at)
                            .isInstanceOfSatisfying(CorruptionException.class, e -> {
                                assertThat(e.file()).isEqualTo("log");
                                assertThat(e.offset()).isEqualTo(offset);
                            });
                }
            }
        }
    }

    @Test
    void aDamagedMiddleIsCorruptionEvenIfItLooksUnwritten() throws IOException {
        List<byte[]> records = someRecords(7);
        byte[] log = log(records);
        for (int record = 0; record < records.size() - 1; record++) {
            byte[] damaged = log.clone();
            Arrays.fill(damaged, start(records, record), start(records, record + 1), (byte) 0);
            ManifestReader reader = reader(damaged);
            for (int i = 0; i < record; i++) {
                reader.next();
            }
            assertThatThrownBy(reader::next).isInstanceOf(CorruptionException.class);
        }
    }

    @Test
    void garbageIsNeverReturned() {
        Seeded.run(ManifestReaderTest.class, 20, random -> {
            byte[] garbage = new byte[random.nextInt(4_000)];
            random.nextBytes(garbage);
            try {
                assertThat(read(garbage)).isEmpty();
            } catch (CorruptionException e) {
                assertThat(e.offset()).isZero();
            }
        });
    }

    /** Any mix of cuts, holes and flips: a prefix of the records or an error, never anything else. */
    @Test
    void randomDamageYieldsAPrefixOrAnError() {
        Seeded.run(ManifestReaderTest.class, 200, random -> {
            List<byte[]> records = new ArrayList<>();
            for (int i = random.nextInt(6); i >= 0; i--) {
                records.add(noise(random, 1 + random.nextInt(1_500)));
            }
            byte[] log = log(records);
            byte[] damaged = Arrays.copyOf(log, random.nextInt(3) == 0 ? random.nextInt(log.length + 600) : log.length);
            for (int i = random.nextInt(4); i > 0 && damaged.length > 0; i--) {
                int from = random.nextInt(damaged.length);
                int to = Math.min(damaged.length, from + 1 + random.nextInt(1_000));
                if (random.nextBoolean()) {
                    Arrays.fill(damaged, from, to, (byte) 0);
                } else {
                    damaged[from] ^= (byte) (1 + random.nextInt(255));
                }
            }
            List<byte[]> got = new ArrayList<>();
            ManifestReader reader = reader(damaged);
            try {
                for (byte[] record = reader.next(); record != null; record = reader.next()) {
                    got.add(record);
                }
            } catch (CorruptionException e) {
                assertThat(e.file()).isEqualTo("log");
            }
            assertThat(got.size()).isLessThanOrEqualTo(records.size());
            for (int i = 0; i < got.size(); i++) {
                assertThat(got.get(i)).isEqualTo(records.get(i));
            }
        });
    }

    /** A file full of small numbers has many places that look like the start of a record. */
    @Test
    @Timeout(300) // looking at all of them would take longer
    void aLargeTornTailIsRecognisedQuickly() throws IOException {
        byte[] large = new byte[8 << 20];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i % 4 == 3 ? 1 + i % 100 : 0);
        }
        byte[] log = log(List.of(new byte[] {1}, large));
        byte[] cut = Arrays.copyOf(log, log.length - 1);
        assertThat(read(cut)).hasSize(1);
    }
}
