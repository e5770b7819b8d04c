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
import java.util.Locale;

/**
 * The bytes of a format, kept in {@code src/test/resources/golden/} as hex text:
 *
 * <pre>
 * 0000: 00000003 06e37b69   # offset of the first byte of the line, bytes, what they are
 * </pre>
 *
 * Offsets and comments may be left out; an offset that is there must be right. {@code -Dforebay.rewrite=true} writes what the
 * code makes now, between the comments if it is as many bytes as before. A difference means a new format version.
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
            String before = Files.exists(source(name)) ? Files.readString(source(name)) : "";
            Files.writeString(source(name), Files.exists(source(name)) ? refilled(before, bytes) : toHex(bytes));
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
            return parse(name, new String(in.readAllBytes(), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] parse(String name, String text) {
        StringBuilder hex = new StringBuilder();
        for (String line : text.lines().toList()) {
            String code = line.replaceFirst("#.*", "");
            int colon = code.indexOf(':');
            if (colon >= 0) {
                assertThat(HexFormat.fromHexDigits(code, 0, colon))
                        .as("the offset in golden/%s.hex before %s", name, line)
                        .isEqualTo(hex.length() / 2);
            }
            hex.append(code.substring(colon + 1).replaceAll("\\s", ""));
        }
        return HexFormat.of().parseHex(hex);
    }

    /** The text with these bytes instead of its own, or without its comments when there are more or fewer of them. */
    private static String refilled(String text, byte[] bytes) {
        String digits = HexFormat.of().formatHex(bytes);
        StringBuilder out = new StringBuilder();
        int used = 0;
        for (String line : text.lines().toList()) {
            int comment = line.indexOf('#') < 0 ? line.length() : line.indexOf('#');
            int colon = line.lastIndexOf(':', comment - 1);
            out.append(colon < 0 ? "" : String.format(Locale.ROOT, "%04x:", used / 2));
            for (int i = colon + 1; i < comment; i++) {
                boolean digit = HexFormat.isHexDigit(line.charAt(i));
                if (digit && used == digits.length()) {
                    return toHex(bytes);
                }
                out.append(digit ? digits.charAt(used++) : line.charAt(i));
            }
            out.append(line.substring(comment)).append('\n');
        }
        return used == digits.length() ? out.toString() : toHex(bytes);
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
            text.append(String.format(Locale.ROOT, "%04x: ", at));
            text.append(HexFormat.of().formatHex(bytes, at, end)).append('\n');
        }
        return text.toString();
    }
}
