package io.forebay.store.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * The bytes of a format, kept in {@code src/test/resources/golden/} as hex text, 32 bytes a line. {@code
 * -Dforebay.rewrite=true} writes what the code makes now; a difference means a new format version.
 */
public final class GoldenBytes {
    private static final int BYTES_PER_LINE = 32;

    private GoldenBytes() {}

    /** Fails when {@code bytes} are not those of the golden file {@code name}.hex, or rewrites it. */
    public static void verify(String name, byte[] bytes) {
        if (Boolean.getBoolean("forebay.rewrite")) {
            Path file = Path.of("src/test/resources/golden", name + ".hex");
            try {
                Files.createDirectories(file.getParent());
                Files.writeString(file, toHex(bytes));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return;
        }
        assertThat(toHex(bytes))
                .as("bytes of golden/%s.hex; -Dforebay.rewrite=true rewrites it", name)
                .isEqualTo(toHex(read(name)));
    }

    /** The bytes of a golden file. */
    public static byte[] read(String name) {
        try (InputStream in = GoldenBytes.class.getResourceAsStream("/golden/" + name + ".hex")) {
            if (in == null) {
                return fail("There is no golden/%s.hex; -Dforebay.rewrite=true writes it", name);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String toHex(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < bytes.length; at += BYTES_PER_LINE) {
            int end = Math.min(bytes.length, at + BYTES_PER_LINE);
            text.append(HexFormat.of().formatHex(bytes, at, end)).append('\n');
        }
        return text.toString();
    }
}
