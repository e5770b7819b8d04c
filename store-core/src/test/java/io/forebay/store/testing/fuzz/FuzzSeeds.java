package io.forebay.store.testing.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The inputs in {@code src/test/resources/fuzz/<target>.txt}, where every one that was found to do harm stays for good.
 *
 * <pre>
 * # A comment, to the end of the line.
 * name of the input: bytes in hex, as many lines
 *   as it takes, indented after the first
 * </pre>
 */
final class FuzzSeeds {
    private FuzzSeeds() {}

    /** Those of the file of {@code target}; none when there is no such file. */
    static List<byte[]> of(String target) {
        List<byte[]> seeds = new ArrayList<>();
        String text = read("/fuzz/" + target + ".txt").replaceAll("#.*", "");
        for (String seed : text.split("\\R(?=\\S)")) {
            int colon = seed.indexOf(':');
            if (colon >= 0) {
                seeds.add(HexFormat.of().parseHex(seed.substring(colon + 1).replaceAll("\\s", "")));
            } else if (!seed.isBlank()) {
                throw new IllegalArgumentException("fuzz/" + target + ".txt: a seed is NAME: HEX, not " + seed);
            }
        }
        return seeds;
    }

    private static String read(String resource) {
        try (InputStream in = FuzzSeeds.class.getResourceAsStream(resource)) {
            return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
