package io.forebay.bench.scenarios;

import java.util.Locale;

/**
 * How much a scenario does.
 *
 * @param keys in the store
 * @param valueBytes of one value
 */
public record Scale(int keys, int valueBytes) {
    private static final int MILLION = 1_000_000;
    private static final int THOUSAND = 1000;

    @Override
    public String toString() {
        String count;
        if (keys >= MILLION && keys % MILLION == 0) {
            count = keys / MILLION + "M";
        } else if (keys >= THOUSAND && keys % THOUSAND == 0) {
            count = keys / THOUSAND + "k";
        } else {
            count = Integer.toString(keys);
        }
        return count + " x " + String.format(Locale.ROOT, "%,d B", valueBytes);
    }
}
