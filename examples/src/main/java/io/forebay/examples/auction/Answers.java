package io.forebay.examples.auction;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The results of the three computations over a stream. The expected ones come from {@link #compute}, a plain loop over
 * hash maps that shares nothing with the applications but the input.
 *
 * @param totals running aggregate per key
 * @param windows number of counted events by "key@start", start in milliseconds of event time
 * @param joined how often each pair "person:auction" was joined
 */
public record Answers(Map<String, Totals> totals, Map<String, Long> windows, Map<String, Integer> joined) {
    public static Answers compute(Workload workload) {
        Answers answers = new Answers(new HashMap<>(), new HashMap<>(), new HashMap<>());
        for (long i = 0; i < workload.size(); i++) {
            Event event = workload.event(i);
            if (event.kind().isCounted()) {
                answers.totals.merge(event.key(), Totals.NONE.plus(event.amount()), (a, b) -> a.plus(event.amount()));
                answers.windows.merge(windowKey(event.key(), event.timestampMillis()), 1L, Long::sum);
            } else if (event.kind() == Event.Kind.AUCTION) {
                // The seller registered at most twenty rounds earlier, far inside the window of the join.
                answers.joined.merge(joinKey(event.key(), event.amount()), 1, Integer::sum);
            }
        }
        return answers;
    }

    public static String windowKey(String key, long timestampMillis) {
        return key + "@" + (timestampMillis - Math.floorMod(timestampMillis, Workload.WINDOW_MILLIS));
    }

    public static String joinKey(String person, long auction) {
        return person + ":" + auction;
    }

    /** What differs from {@code actual}, a line each, at most a few; empty when everything agrees. */
    public List<String> differences(Answers actual) {
        List<String> lines = new ArrayList<>();
        compare("totals", totals, actual.totals, lines);
        compare("windows", windows, actual.windows, lines);
        compare("join", joined, actual.joined, lines);
        return lines;
    }

    private static <V> void compare(String what, Map<String, V> expected, Map<String, V> actual, List<String> lines) {
        int wrong = 0;
        String first = null;
        for (Map.Entry<String, V> entry : expected.entrySet()) {
            V found = actual.get(entry.getKey());
            if (!entry.getValue().equals(found)) {
                wrong++;
                first = first == null ? entry.getKey() + ": expected " + entry.getValue() + ", found " + found : first;
            }
        }
        long surplus = actual.keySet().stream()
                .filter(key -> !expected.containsKey(key))
                .count();
        if (wrong > 0 || surplus > 0) {
            lines.add(what + ": " + wrong + " of " + expected.size() + " wrong or missing, " + surplus + " too many"
                    + (first == null ? "" : "; e.g. " + first));
        }
    }

    /** Number of results. */
    public long count() {
        return (long) totals.size() + windows.size() + joined.size();
    }
}
