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
    private static final boolean REWRITE = Boolean.getBoolean("forebay.rewrite");

    private GoldenBytes() {}

    /** Fails when {@code bytes} are not those of the golden file {@code name}.hex, or rewrites it. */
    public static void verify(String name, byte[] bytes) {
        if (REWRITE) {
            write(name, bytes);
        }
        assertThat(toHex(bytes))
                .as("bytes of golden/%s.hex; -Dforebay.rewrite=true rewrites it", name)
                .isEqualTo(toHex(read(name)));
    }

    private static void write(String name, byte[] bytes) {
        try {
            Files.createDirectories(source(name).getParent());
            Files.writeString(source(name), toHex(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The bytes of a golden file. */
    public static byte[] read(String name) {
        try (InputStream in = open(name)) {
            if (in == null) {
                return fail("There is no golden/%s.hex; -Dforebay.rewrite=true writes it", name);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(String name) throws IOException {
        return REWRITE
                ? Files.newInputStream(source(name))
                : GoldenBytes.class.getResourceAsStream("/golden/" + name + ".hex");
    }

    /** Relative to the module, where builds run tests. */
    private static Path source(String name) {
        return Path.of("src/test/resources/golden", name + ".hex");
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
