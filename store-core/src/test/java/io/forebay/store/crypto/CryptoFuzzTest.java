package io.forebay.store.crypto;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.KeyProvider;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Wrapped keys, and messages under a key. */
class CryptoFuzzTest extends FuzzTests {
    private static final FileCipher CIPHER = cipher();

    static final FuzzTarget ENVELOPE =
            FuzzTarget.of("envelope", CryptoFuzzTest::open).seeds(sealedKey());
    static final FuzzTarget MESSAGE =
            FuzzTarget.of("message", CryptoFuzzTest::openMessage).seeds(sealed(new byte[0]), sealed(new byte[100]));

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void envelope(byte[] input) {
        ENVELOPE.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void message(byte[] input) {
        MESSAGE.accept(input);
    }

    private static void open(byte[] input) throws IOException {
        KeyEnvelope envelope = KeyEnvelope.read(input, 0, input.length, "file", 0);
        require(envelope.length() <= input.length, "an envelope inside the input");
        byte[] again = new byte[envelope.length()];
        envelope.write(again, 0);
        require(Arrays.equals(again, 0, again.length, input, 0, again.length), "the same bytes again");
        KeyProvider keys = TestKeys.provider("test-1");
        Encryption.of(keys, false).open(envelope, "file", 0);
    }

    /** The last byte says where the message is said to be, and what it is said to be. */
    private static void openMessage(byte[] input) {
        if (input.length == 0) {
            return;
        }
        int length = input.length - 1;
        int place = input[length];
        byte[] plain = new byte[Math.max(0, length - FileCipher.TAG_BYTES)];
        CIPHER.open(place >> 4, place & 15, input, 0, length, plain, 0, 77);
        require(place == 0, "no message opens in another place");
        require(Arrays.equals(plain, new byte[plain.length]), "a message that was sealed with this key");
    }

    private static FileCipher cipher() {
        try {
            return TestKeys.golden().create("file");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] sealedKey() {
        byte[] bytes = new byte[CIPHER.envelope().length()];
        CIPHER.envelope().write(bytes, 0);
        return bytes;
    }

    private static byte[] sealed(byte[] plain) {
        byte[] message = new byte[plain.length + FileCipher.TAG_BYTES + 1];
        // One of its own for each: a position is given once.
        cipher().seal(0, 0, plain, 0, plain.length, message, 0);
        return message;
    }
}
