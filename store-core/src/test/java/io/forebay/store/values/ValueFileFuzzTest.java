package io.forebay.store.values;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.CorruptionException;
import io.forebay.store.ValueBuffer;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Value files with right checksums of the end, read at places that the input chooses; and references. */
class ValueFileFuzzTest extends FuzzTests {
    static final FuzzTarget VALUE_FILE = FuzzTarget.of("valueFile", ValueFileFuzzTest::readRepaired)
            .golden("values", "values-encrypted")
            .allocates(4 << 20, 64); // a stack trace for each place where there is no value

    static final FuzzTarget VALUE_REFERENCE = FuzzTarget.of("valueReference", ValueFileFuzzTest::readReference)
            .seeds(new byte[] {0, (byte) 0xAC, 2, (byte) 0xE8, 7}, new byte[] {1, 8, 1});

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void valueFile(byte[] input) {
        VALUE_FILE.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void valueReference(byte[] input) {
        VALUE_REFERENCE.accept(input);
    }

    private static void readReference(byte[] input) {
        ValueReference reference = ValueReference.read(new Slab(ByteBuffer.wrap(input)), 0, input.length, "f.sst", -1);
        byte[] again = new byte[ValueReference.MAX_BYTES];
        int end = reference.write(again, 0);
        require(Arrays.equals(again, 0, end, input, 0, input.length), "one encoding of a reference");
    }

    private static void readRepaired(byte[] input) throws IOException {
        repair(input);
        boolean encrypted = input.length >= 20 && ByteBuffer.wrap(input).getInt(input.length - 20) != 0;
        ValueFileReader reader = ValueFiles.open(input, encrypted ? TestKeys.golden() : Encryption.NONE);
        require(reader.properties().valueBytes() < input.length, "values that fit the file");
        ValueBuffer into = new ValueBuffer(0);
        for (int offset = 0; offset < Math.min(input.length, 60); offset++) {
            for (int length : new int[] {1, 5, 20, Integer.MAX_VALUE}) {
                try {
                    reader.read(offset, length, into);
                    require(into.length() == length, "the whole value");
                } catch (CorruptionException e) {
                    require(ValueFiles.NAME.equals(e.file()) && e.offset() == offset, "an error that names the place");
                }
            }
        }
    }

    /** Makes the checksums of properties and footer right, where there is room for them. */
    private static void repair(byte[] input) {
        int footer = input.length - ValueFormat.FOOTER_BYTES;
        if (footer < 0) {
            return;
        }
        ByteBuffer out = ByteBuffer.wrap(input);
        int envelope = out.getInt(input.length - 20);
        long properties = out.getLong(footer);
        if (envelope == 0 && properties >= 0 && properties <= footer - Integer.BYTES) {
            int length = footer - Integer.BYTES - (int) properties;
            CRC32C crc = new CRC32C();
            crc.update(input, (int) properties, length);
            out.putInt(footer - Integer.BYTES, ValueFormat.checksum(crc, length, properties, 0));
        }
        int begin = footer - envelope;
        if (envelope >= 0 && begin >= 0) {
            out.putInt(input.length - 12, Crc32c.masked(input, begin, input.length - 12 - begin));
        }
    }
}
