package io.forebay.store.version.manifest;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Logs, as they are and with right checksums. */
class ManifestReaderFuzzTest extends FuzzTests {
    static final FuzzTarget LOG = FuzzTarget.of("manifestRecords", ManifestReaderFuzzTest::readAll)
            .seeds(log(1), log(3, 1), log(700, 20, 5), log(513, 1023))
            .allocates(1 << 20, 64);

    static final FuzzTarget LOG_BEHIND_CHECKSUMS = FuzzTarget.of(
                    "manifestRecordsBehindChecksums", ManifestReaderFuzzTest::readRepaired)
            .seeds(log(1), log(3, 1), log(700, 20, 5), log(513, 1023))
            .allocates(1 << 20, 64);

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void manifestRecords(byte[] input) {
        LOG.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void manifestRecordsBehindChecksums(byte[] input) {
        LOG_BEHIND_CHECKSUMS.accept(input);
    }

    private static void readRepaired(byte[] input) throws IOException {
        ManifestChecksums.repair(input);
        readAll(input);
    }

    private static void readAll(byte[] input) throws IOException {
        ManifestReader log = new ManifestReader(new ByteArrayFile(input), "log");
        int at = 0;
        for (byte[] payload = log.next(); payload != null; payload = log.next()) {
            require(payload.length > 0, "no record without a payload");
            int payloadAt = at + ManifestRecords.HEADER_BYTES;
            require(log.contentPosition() == payloadAt, "records follow each other");
            int end = payloadAt + payload.length;
            require(Arrays.equals(payload, 0, payload.length, input, payloadAt, end), "the payload as it was written");
            at = end + ManifestRecords.ID_BYTES;
        }
        require(log.isTorn() != (at == input.length), "a log ends at its end, or is torn");
        require(log.next() == null, "the end stays the end");
    }

    /** Records of these lengths; zeros at the ends of the large ones. */
    private static byte[] log(int... lengths) {
        ByteBuffer out = ByteBuffer.allocate(1 << 12);
        for (int length : lengths) {
            byte[] payload = new byte[length];
            Arrays.fill(payload, 0, Math.min(length, 40), (byte) (length | 1));
            out.putInt(ManifestRecords.ID_BYTES + length).putInt(0).put(payload).putLong(ManifestRecords.id(7));
        }
        byte[] log = Arrays.copyOf(out.array(), out.position());
        ManifestChecksums.repair(log);
        return log;
    }
}
