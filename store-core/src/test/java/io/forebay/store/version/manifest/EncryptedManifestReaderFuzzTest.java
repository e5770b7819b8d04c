package io.forebay.store.version.manifest;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** An encrypted log behind its checksums: whatever opens was written, in its place. */
class EncryptedManifestReaderFuzzTest extends FuzzTests {
    private static final List<String> WRITTEN = List.of("first record", "b");

    static final FuzzTarget ENCRYPTED = FuzzTarget.of(
                    "encryptedManifestRecords", EncryptedManifestReaderFuzzTest::readRepaired)
            .golden("log-encrypted")
            .allocates(1 << 20, 64);

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void encryptedManifestRecords(byte[] input) {
        ENCRYPTED.accept(input);
    }

    private static void readRepaired(byte[] input) throws IOException {
        ManifestChecksums.repair(input);
        ManifestReader log = new ManifestReader(new ByteArrayFile(input), "log", TestKeys.golden());
        int records = 0;
        for (byte[] payload = log.next(); payload != null; payload = log.next()) {
            if (log.keyId() == null) {
                return; // a plain log, which may hold anything
            }
            require(
                    records < WRITTEN.size()
                            && WRITTEN.get(records).equals(new String(payload, StandardCharsets.ISO_8859_1)),
                    "a record that was written, in its place");
            records++;
        }
    }
}
