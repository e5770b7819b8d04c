package io.forebay.bench.report;

import io.forebay.bench.scenarios.Measurement;
import java.util.Arrays;
import java.util.Collection;
import java.util.NavigableMap;
import java.util.function.ToDoubleFunction;

/** Median and extremes of some values; NaN when there are none. */
record Spread(double median, double min, double max) {
    static Spread of(double[] values) {
        if (values.length == 0) {
            return new Spread(Double.NaN, Double.NaN, Double.NaN);
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }

    static Spread of(Collection<Measurement> rounds, ToDoubleFunction<Measurement> figure) {
        return of(rounds.stream().mapToDouble(figure).toArray());
    }

    /** How many times more {@code other} took than {@code ours}, round by round, of the rounds that both have. */
    static Spread ratio(NavigableMap<Integer, Measurement> ours, NavigableMap<Integer, Measurement> other) {
        return of(ours.entrySet().stream()
                .filter(round ->
                        other.containsKey(round.getKey()) && round.getValue().value() > 0)
                .mapToDouble(round ->
                        other.get(round.getKey()).value() / round.getValue().value())
                .toArray());
    }

    boolean isEmpty() {
        return Double.isNaN(median);
    }

    double percent() {
        return median == 0 ? 0 : 100 * (max - min) / median;
    }
}
