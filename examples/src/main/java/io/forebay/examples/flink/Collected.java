package io.forebay.examples.flink;

import io.forebay.examples.auction.Answers;
import io.forebay.examples.auction.Totals;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where the job's results go. A recovery may emit a result again; that is fine as long as it is the same one, so a result
 * that contradicts an earlier one is kept in a form that cannot pass the check.
 */
final class Collected {
    private static final Map<String, Totals> TOTALS = new ConcurrentHashMap<>();
    private static final Map<String, Long> WINDOWS = new ConcurrentHashMap<>();
    private static final Map<String, Integer> JOINED = new ConcurrentHashMap<>();

    private Collected() {}

    static void clear() {
        TOTALS.clear();
        WINDOWS.clear();
        JOINED.clear();
    }

    static void total(String key, Totals totals) {
        TOTALS.merge(key, totals, (a, b) -> a.equals(b) ? a : new Totals(-1, a.count(), b.count()));
    }

    static void window(String key, long count) {
        WINDOWS.merge(key, count, (a, b) -> a.equals(b) ? a : Long.valueOf(-1));
    }

    static void joined(String pair) {
        JOINED.put(pair, 1);
    }

    static Answers answers() {
        return new Answers(Map.copyOf(TOTALS), Map.copyOf(WINDOWS), Map.copyOf(JOINED));
    }
}
