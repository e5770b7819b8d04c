package io.forebay.store.sst;

import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.util.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * When the entries of a file expire: by the last step all of them have. A file with an entry that never expires has none.
 * Immutable, thread-safe.
 *
 * <pre>
 * Expiry --&gt; length:varint Rule  Step^(1 to 16)          Rule in UTF-8, at most 255 bytes
 * Step   --&gt; until:varint bytes:varint                   rising by {@code until}
 * </pre>
 *
 * <i>Example.</i> By the rule "ttl", of 700 bytes of keys and values 200 expire until 1,000 ms and all until 2,000 ms:
 * {@code 03 74746C, E8 07 C8 01, D0 0F F4 03}.
 *
 * <p>A rule says how a host reads the expiry of a value. Where another rule holds now, because the time to live was changed
 * for instance, these steps say nothing. Nobody drops a file by this fact who does not know its rule.
 *
 * @param rule names the rule
 * @param steps 1 to {@link #MAX_STEPS}, rising
 */
public record Expiry(String rule, List<Step> steps) {
    /** More would cost more space than they tell. */
    public static final int MAX_STEPS = 16;

    public static final int MAX_RULE_BYTES = 255;

    private static final long MAX_MILLIS = Long.MAX_VALUE - 1;

    /**
     * @param untilMillis milliseconds since the epoch, 0 or more, less than {@link Long#MAX_VALUE}
     * @param bytes of keys and values that expire after the step before, and by then; the sum of all steps is a long
     */
    public record Step(long untilMillis, long bytes) {}

    /** @throws IllegalArgumentException when the steps are not as above */
    public Expiry(String rule, List<Step> steps) {
        this.rule = rule;
        this.steps = List.copyOf(steps);
        int ruleBytes = rule.getBytes(StandardCharsets.UTF_8).length;
        if (ruleBytes > MAX_RULE_BYTES || steps.isEmpty() || steps.size() > MAX_STEPS) {
            throw new IllegalArgumentException("A rule of " + ruleBytes + " bytes, at most " + MAX_RULE_BYTES + ", and "
                    + steps.size() + " steps, must be 1 to " + MAX_STEPS);
        }
        Utf8.requireReadable("The rule", rule);
        long last = -1;
        long most = Long.MAX_VALUE;
        for (Step step : steps) {
            if (step.untilMillis <= last || step.untilMillis > MAX_MILLIS) {
                throw new IllegalArgumentException("Steps that do not rise, from 0 to " + MAX_MILLIS + ": " + steps);
            }
            if (step.bytes < 0 || step.bytes > most) {
                throw new IllegalArgumentException("Negative bytes, or a sum that is no long: " + steps);
            }
            last = step.untilMillis;
            most -= step.bytes;
        }
    }

    /** Milliseconds since the epoch: every entry has expired by then. */
    public long largestMillis() {
        return steps.get(steps.size() - 1).untilMillis;
    }

    /** Bytes of keys and values that have expired at {@code nowMillis}, rounded down to a step. */
    public long expiredBytes(long nowMillis) {
        return steps.stream()
                .filter(step -> step.untilMillis <= nowMillis)
                .mapToLong(Step::bytes)
                .sum();
    }

    /** Writes the content of a field. */
    public void write(FieldWriter out) {
        out.string(rule.getBytes(StandardCharsets.UTF_8));
        steps.forEach(step -> out.number(step.untilMillis).number(step.bytes));
    }

    /** Reads the content of a field. */
    public static Expiry read(FieldReader in) {
        String rule = in.text("a rule of expiry", MAX_RULE_BYTES);
        List<Step> steps = new ArrayList<>();
        long least = 0;
        long most = Long.MAX_VALUE;
        while (in.hasMore()) {
            if (steps.size() == MAX_STEPS) {
                throw in.corrupt("at most " + MAX_STEPS + " steps of expiry", "more");
            }
            long until = in.number("a time of expiry", least, MAX_MILLIS);
            // The sum of all steps stays a long.
            long bytes = in.number("bytes that expire", 0, most);
            steps.add(new Step(until, bytes));
            least = until + 1;
            most -= bytes;
        }
        if (steps.isEmpty()) {
            throw in.corrupt("a step of expiry", "none");
        }
        return new Expiry(rule, steps);
    }
}
