package io.forebay.bench.report;

import io.forebay.bench.scenarios.Measurement;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Median and extremes of some values. */
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

    static Spread of(List<Measurement> rounds, ToDoubleFunction<Measurement> figure) {
        return of(rounds.stream().mapToDouble(figure).toArray());
    }

    /** How many times longer {@code other} took than {@code ours}, round by round. */
    static Spread ratio(List<Measurement> ours, List<Measurement> other) {
        int rounds = Math.min(ours.size(), other.size());
        double[] ratios = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            ratios[i] = other.get(i).nanosEach() / ours.get(i).nanosEach();
        }
        return of(ratios);
    }

    double percent() {
        return 100 * (max - min) / median;
    }
}
