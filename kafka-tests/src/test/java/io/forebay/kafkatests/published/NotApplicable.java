package io.forebay.kafkatests.published;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;

/**
 * Leaves out published tests that cannot run on Forebay. The file {@code published/not-applicable.txt} has one on each line, a
 * class or {@code class#method}, a colon, and the reason.
 */
public final class NotApplicable implements PostDiscoveryFilter {
    private static final String OURS = "io.forebay.";

    private final Map<String, String> reasons = read("not-applicable.txt");

    /** Names and reasons from a file in {@code published}. */
    static Map<String, String> read(String file) {
        Map<String, String> reasons = new TreeMap<>();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                NotApplicable.class.getResourceAsStream("/published/" + file), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                int colon = line.indexOf(": ");
                if (colon < 0) {
                    throw new IllegalStateException(file + ": no reason in line " + line);
                }
                reasons.put(line.substring(0, colon), line.substring(colon + 2));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return reasons;
    }

    @Override
    public FilterResult apply(TestDescriptor test) {
        if (!Redirect.isWanted()) {
            return FilterResult.included("Not one of Kafka's tests");
        }
        TestSource source = test.getSource().orElse(null);
        String type = null;
        String reason = null;
        if (source instanceof MethodSource method) {
            type = method.getClassName();
            reason = reasons.get(type + "#" + method.getMethodName());
        } else if (source instanceof ClassSource itsClass) {
            type = itsClass.getClassName();
        }
        if (type != null && type.startsWith(OURS)) {
            return FilterResult.excluded("Not one of Kafka's tests");
        }
        String why = reason == null && type != null ? reasons.get(type) : reason;
        return FilterResult.includedIf(why == null, () -> "Can run on Forebay", () -> why);
    }
}
