package io.forebay.store.crypto;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.KeyProvider;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Wrapped keys as they lie in files: read, written again, and unwrapped. */
class KeyEnvelopeFuzzTest extends FuzzTests {
    private static final Encryption ENCRYPTION = TestKeys.golden();

    static final FuzzTarget ENVELOPE =
            FuzzTarget.of("envelope", KeyEnvelopeFuzzTest::read).seeds(real(), envelope("k", 1), envelope("ü", 300));

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void envelope(byte[] input) {
        ENVELOPE.accept(input);
    }

    private static void read(byte[] input) throws IOException {
        KeyEnvelope envelope = KeyEnvelope.read(input, 0, input.length, "f", 0);
        byte[] again = new byte[envelope.length()];
        envelope.write(again, 0);
        require(Arrays.equals(again, Arrays.copyOf(input, again.length)), "the bytes that were read");
        ENCRYPTION.open(envelope, "f", 0);
    }

    private static byte[] real() {
        try {
            return bytes(ENCRYPTION.create("f").envelope());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] envelope(String keyId, int wrappedBytes) {
        return bytes(KeyEnvelope.of(new KeyProvider.WrappedKey(keyId, new byte[wrappedBytes])));
    }

    private static byte[] bytes(KeyEnvelope envelope) {
        byte[] bytes = new byte[envelope.length()];
        envelope.write(bytes, 0);
        return bytes;
    }
}
