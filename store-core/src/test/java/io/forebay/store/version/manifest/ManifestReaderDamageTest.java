package io.forebay.store.version.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.CorruptionException;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.Figures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Every bit of a log, with the last record at every place relative to the sectors: a record with a few zeros beside the
 * border of a sector looks as if that sector had never been written, and a bit flipped in it must not pass for a crash.
 */
class ManifestReaderDamageTest {
    private static final Figures FIGURES = new Figures(ManifestReaderDamageTest.class);

    @AfterAll
    static void report() {
        FIGURES.write();
    }

    @Test
    void everyBitOfALastRecordAtEveryPlace() throws IOException {
        for (int before = 440; before < 520; before++) {
            // Ends in zeros, as the payload of a commit without offsets does, some of them behind the border.
            check(before, 60, 12);
            check(before, ManifestRecords.ID_BYTES + 5, 4);
        }
    }

    @Test
    void everyBitOfRecordsThatFillSectors() throws IOException {
        check(100, 1500, 0);
        check(504, 512, 8);
    }

    private static void check(int before, int length, int zeros) throws IOException {
        byte[] log = log(before, length, zeros);
        int last = log.length - length - ManifestRecords.HEADER_BYTES;
        for (int bit = 0; bit < log.length * 8; bit += bit / 8 < last - 16 ? 97 : 1) {
            byte[] damaged = log.clone();
            damaged[bit / 8] ^= (byte) (0x80 >>> bit % 8);
            assertThat(isNoticedOrHarmless(
                            damaged,
                            Arrays.copyOfRange(log, log.length - length, log.length - ManifestRecords.ID_BYTES)))
                    .as("bit %d of a log of %d bytes with the last record at %d", bit, log.length, last)
                    .isTrue();
            FIGURES.add("bits", 1);
        }
    }

    /** The bit is noticed, or both records come out as they were written. */
    private static boolean isNoticedOrHarmless(byte[] log, byte[] lastContent) throws IOException {
        ManifestReader reader = new ManifestReader(new ByteArrayFile(log), "log");
        try {
            int records = 0;
            byte[] last = null;
            for (byte[] payload = reader.next(); payload != null; payload = reader.next()) {
                last = payload;
                records++;
            }
            return records == 2 && Arrays.equals(last, lastContent);
        } catch (CorruptionException e) {
            assertThat(e.file()).isEqualTo("log");
            assertThat(e.offset()).isBetween(0L, (long) log.length);
            return true;
        }
    }

    /** A crash still is one: the last record with sectors of it not written, its bytes random but for that. */
    @Test
    void aRecordWithAnUnwrittenSectorIsTorn() throws IOException {
        Random random = new Random(7);
        for (int before = 440; before < 520; before++) {
            int length = 600 + random.nextInt(1000);
            byte[] log = log(before, length, 0);
            int last = log.length - length - ManifestRecords.HEADER_BYTES;
            int sectors = (log.length - 1) / ManifestRecords.SECTOR_BYTES - last / ManifestRecords.SECTOR_BYTES + 1;
            for (int sector = 0; sector < sectors; sector++) {
                byte[] torn = log.clone();
                int begin = (last / ManifestRecords.SECTOR_BYTES + sector) * ManifestRecords.SECTOR_BYTES;
                int from = Math.max(last, begin);
                Arrays.fill(torn, from, Math.min(log.length, begin + ManifestRecords.SECTOR_BYTES), (byte) 0);
                if (Arrays.equals(torn, log)) {
                    continue;
                }
                ManifestReader reader = new ManifestReader(new ByteArrayFile(torn), "log");
                int records = 0;
                while (reader.next() != null) {
                    records++;
                }
                // Where nothing is missing but the length, which the end of the file tells as well, the record is
                // whole.
                boolean onlyLength =
                        sector == 0 && begin + ManifestRecords.SECTOR_BYTES - last <= ManifestRecords.CRC_AT;
                assertThat(records).as("sector %d, record at %d", sector, last).isEqualTo(onlyLength ? 2 : 1);
                assertThat(reader.isTorn()).isEqualTo(!onlyLength);
            }
        }
    }

    /** However few bytes of the record lie there, and however few bits they have. */
    @Test
    void aRecordWithAnUnwrittenEndIsTorn() throws IOException {
        for (int unwritten = 1; unwritten <= 16; unwritten++) {
            byte[] log =
                    log(100, 2 * ManifestRecords.SECTOR_BYTES + unwritten - 100 - ManifestRecords.HEADER_BYTES, 12);
            Arrays.fill(log, log.length - unwritten, log.length, (byte) 0);
            ManifestReader reader = new ManifestReader(new ByteArrayFile(log), "log");
            assertThat(reader.next()).isNotNull();
            assertThat(reader.next()).as("%d bytes", unwritten).isNull();
            assertThat(reader.isTorn()).isTrue();
        }
    }

    /** Two records, the last with {@code length} bytes of payload behind one that takes {@code before}. */
    private static byte[] log(int before, int length, int zeros) {
        ByteBuffer out = ByteBuffer.allocate(before + ManifestRecords.HEADER_BYTES + length);
        Random random = new Random(before * 31L + length);
        for (int bytes : new int[] {before - ManifestRecords.HEADER_BYTES, length}) {
            byte[] payload = new byte[bytes];
            random.nextBytes(payload);
            int content = bytes - ManifestRecords.ID_BYTES;
            if (bytes == length) {
                Arrays.fill(payload, content - zeros, content, (byte) 0);
            }
            ByteBuffer.wrap(payload).putLong(content, ManifestRecords.id(0)); // as few bits as an id may have
            out.putInt(bytes).putInt(0).put(payload);
        }
        byte[] log = out.array();
        ManifestChecksums.repair(log);
        return log;
    }
}
