package io.forebay.bench.scenarios;

/**
 * How much a scenario does.
 *
 * @param keys in the store
 * @param valueBytes of one value
 */
public record Scale(int keys, int valueBytes) {
    @Override
    public String toString() {
        return (keys >= 1_000_000 ? keys / 1_000_000 + "M" : keys / 1000 + "k") + " x " + valueBytes + " B";
    }
}
