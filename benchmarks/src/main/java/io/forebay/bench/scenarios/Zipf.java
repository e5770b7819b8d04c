package io.forebay.bench.scenarios;

import java.util.SplittableRandom;

/**
 * Numbers below {@code count} of which the k-th most frequent one comes with a weight of k to the power of -0.99. Source:
 * Gray et al., Quickly Generating Billion-Record Synthetic Databases, SIGMOD 1994; the constant is YCSB's.
 */
public final class Zipf {
    private static final double THETA = 0.99;

    private final int count;
    private final double zeta;
    private final double eta;
    private final double alpha = 1 / (1 - THETA);

    public Zipf(int count) {
        this.count = count;
        double sum = 0;
        for (int i = 1; i <= count; i++) {
            sum += Math.pow(i, -THETA);
        }
        zeta = sum;
        double two = 1 + Math.pow(2, -THETA);
        eta = (1 - Math.pow(2.0 / count, 1 - THETA)) / (1 - two / zeta);
    }

    /** A number below the count; small ones are the frequent ones. */
    public int next(SplittableRandom random) {
        double u = random.nextDouble();
        double uz = u * zeta;
        if (uz < 1) {
            return 0;
        }
        if (uz < 1 + Math.pow(0.5, THETA)) {
            return 1;
        }
        return (int) Math.min(count - 1L, (long) (count * Math.pow(eta * u - eta + 1, alpha)));
    }
}
