package io.forebay.store.crypto;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Messages under a key, which are what encrypted blocks and records are. */
class MessageFuzzTest extends FuzzTests {
    private static final FileCipher CIPHER = cipher();

    static final FuzzTarget MESSAGE =
            FuzzTarget.of("message", MessageFuzzTest::openMessage).seeds(sealed(new byte[0]), sealed(new byte[100]));

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void message(byte[] input) {
        MESSAGE.accept(input);
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

    private static byte[] sealed(byte[] plain) {
        byte[] message = new byte[plain.length + FileCipher.TAG_BYTES + 1];
        // One of its own for each: a position is given once.
        cipher().seal(0, 0, plain, 0, plain.length, message, 0);
        return message;
    }
}
