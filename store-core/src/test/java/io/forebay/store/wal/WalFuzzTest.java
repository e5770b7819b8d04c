package io.forebay.store.wal;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.WriteBatch;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.FormatVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Write-ahead logs that a store is recovered from, as they are and behind their checksums, and the entries of records. */
class WalFuzzTest extends FuzzTests {
    private static final long ID = 0x0123_4567_89AB_CDEFL;
    private static final long NUMBER = 1;

    private static final byte[] PUT_AND_DELETE =
            HexFormat.of().parseHex("01 03 6b6579 05 76616c7565 02 01 61".replace(" ", ""));
    private static final byte[] BATCH =
            HexFormat.of().parseHex("05 03 01 01 61 01 31 03 01 62 01 32 04 01 63 02 64".replace(" ", ""));
    private static final byte[] COMMIT = HexFormat.of().parseHex("06 03 010203 04 01 78 00".replace(" ", ""));

    static final FuzzTarget WAL = FuzzTarget.of("wal", WalFuzzTest::recover)
            .seeds(log(), log(PUT_AND_DELETE), log(PUT_AND_DELETE, BATCH, COMMIT))
            .allocates(2 << 20, 64);
    static final FuzzTarget WAL_BEHIND_CHECKSUMS = FuzzTarget.of("walBehindChecksums", WalFuzzTest::recoverRepaired)
            .seeds(log(), log(PUT_AND_DELETE), log(PUT_AND_DELETE, BATCH, COMMIT))
            .allocates(2 << 20, 64);
    static final FuzzTarget WAL_ENTRIES = FuzzTarget.of("walEntries", WalFuzzTest::decodeEntries)
            .seeds(PUT_AND_DELETE, BATCH, COMMIT)
            .allocates(1 << 20, 64);

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void wal(byte[] input) {
        WAL.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void walBehindChecksums(byte[] input) {
        WAL_BEHIND_CHECKSUMS.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void walEntries(byte[] input) {
        WAL_ENTRIES.accept(input);
    }

    private static void recoverRepaired(byte[] input) throws IOException {
        repair(input);
        recover(input);
    }

    private static void recover(byte[] input) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        files.putIfAbsent(WalFormat.name(NUMBER), input);
        WalRecovery recovery = WalRecovery.of(files, Encryption.NONE, ID, NUMBER);
        long[] next = {1};
        recovery.replay(0, new WalHandler() {
            @Override
            public void write(long firstSequence, WriteBatch batch) {
                require(firstSequence == next[0] && batch.count() > 0, "writes that follow each other");
                next[0] += batch.count();
                require(next[0] <= input.length, "no more writes than bytes");
            }

            @Override
            public void commit(long sequence, byte[] payload) {
                require(sequence == next[0]++ && payload.length <= input.length, "a commit in its place");
            }
        });
        require(files.exists(WalFormat.name(NUMBER)), "recovery deletes nothing");
    }

    private static void decodeEntries(byte[] input) {
        WalEntries entries = new WalEntries("WAL", input, 0, input.length, 0);
        long before = 0;
        while (entries.next()) {
            require(entries.position() > before && entries.position() <= input.length, "entries go on and end inside");
            require(entries.count() > 0, "an entry takes a number");
            before = entries.position();
        }
        require(before == input.length, "all of the record is entries");
    }

    /** Header, start, and a record of each payload; every write takes one number. */
    private static byte[] log(byte[]... payloads) {
        ByteBuffer out = ByteBuffer.allocate(1024);
        out.putLong(WalFormat.MAGIC)
                .putInt(FormatVersion.CURRENT)
                .putLong(ID)
                .putLong(NUMBER)
                .putInt(0)
                .putInt(0);
        record(out, 1, new byte[0]);
        int sequence = 1;
        for (byte[] payload : payloads) {
            record(out, sequence, payload);
            WalEntries entries = new WalEntries("WAL", payload, 0, payload.length, 0);
            while (entries.next()) {
                sequence += entries.count();
            }
        }
        byte[] log = Arrays.copyOf(out.array(), out.position());
        repair(log);
        return log;
    }

    private static void record(ByteBuffer out, int sequence, byte[] entries) {
        out.put((byte) WalFormat.TAG).putInt(2 + entries.length).putInt(0).putInt(0);
        out.put((byte) 0).put((byte) sequence).put(entries).put(WalFormat.END);
    }

    /** Makes the checksums of a log right, for as long as the lengths lead from record to record. */
    private static void repair(byte[] log) {
        ByteBuffer out = ByteBuffer.wrap(log);
        int least = WalFormat.ENVELOPE_AT + WalFormat.HEADER_CRC_BYTES;
        if (log.length < least) {
            return;
        }
        int envelope = out.getInt(WalFormat.ENVELOPE_LENGTH_AT);
        if (envelope < 0 || envelope > log.length - least) {
            return;
        }
        int at = WalFormat.ENVELOPE_AT + envelope;
        out.putInt(at, Crc32c.masked(log, 0, at));
        at += WalFormat.HEADER_CRC_BYTES;
        WalFormat.Checksum checksum =
                new WalFormat.Checksum(out.getLong(WalFormat.ID_AT), out.getLong(WalFormat.NUMBER_AT));
        while (log.length - at >= WalFormat.OVERHEAD) {
            int length = out.getInt(at + WalFormat.LENGTH_AT);
            if (length < 0 || length > log.length - at - WalFormat.OVERHEAD) {
                return;
            }
            out.putInt(at + WalFormat.HEAD_CRC_AT, checksum.ofHead(log, at, at));
            out.putInt(at + WalFormat.CRC_AT, checksum.of(log, at, length, at));
            at += WalFormat.OVERHEAD + length;
        }
    }
}
