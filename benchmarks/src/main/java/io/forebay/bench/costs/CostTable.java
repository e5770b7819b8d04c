package io.forebay.bench.costs;

import io.forebay.bench.costs.CostTrial.Sample;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Collects the samples of all rounds and prints medians: those of the plain store in ns, the others as ratios to them. */
final class CostTable {
    private final List<Variant> variants;
    private final Map<Variant, Map<Work, List<Sample>>> samples = new EnumMap<>(Variant.class);
    private final Map<Variant, Long> diskBytes = new EnumMap<>(Variant.class);

    /** @param variants the columns; the first one is what the others are compared with */
    CostTable(List<Variant> variants) {
        this.variants = variants;
    }

    void add(Variant variant, Map<Work, Sample> round, long bytesOnDisk) {
        Map<Work, List<Sample>> rows = samples.computeIfAbsent(variant, v -> new EnumMap<>(Work.class));
        round.forEach((work, sample) ->
                rows.computeIfAbsent(work, w -> new ArrayList<>()).add(sample));
        diskBytes.put(variant, bytesOnDisk);
    }

    void print(PrintWriter out, double checksumNanosPerByte) {
        Variant base = variants.get(0);
        List<Variant> others = variants.subList(1, variants.size());
        out.printf("%-36s %10s %7s", "ns per operation", base.title(), "spread");
        others.forEach(variant -> out.printf(" %16s", variant.title()));
        out.printf(" %12s%n", "checksums");
        for (Work work : Work.values()) {
            double[] plain = sorted(base, work, Sample::nanos);
            out.printf(Locale.ROOT, "%-36s %,10.0f %6.0f%%", work.title(), median(plain), spread(plain));
            for (Variant variant : others) {
                double[] nanos = sorted(variant, work, Sample::nanos);
                String ratio =
                        String.format(Locale.ROOT, "%.2fx %4.0f%%", median(nanos) / median(plain), spread(nanos));
                out.printf(" %16s", ratio);
            }
            double checksums = median(sorted(base, work, Sample::checkedBytes)) * checksumNanosPerByte;
            out.printf(Locale.ROOT, " %11.1f%%%n", 100 * checksums / median(plain));
        }
        out.printf(Locale.ROOT, "%-36s %,10d %7s", "bytes on disk", diskBytes.get(base), "");
        for (Variant variant : others) {
            String ratio =
                    String.format(Locale.ROOT, "%.2fx     ", diskBytes.get(variant) / (double) diskBytes.get(base));
            out.printf(" %16s", ratio);
        }
        out.println();
    }

    private double[] sorted(Variant variant, Work work, ToDoubleFunction<Sample> figure) {
        double[] sorted =
                samples.get(variant).get(work).stream().mapToDouble(figure).toArray();
        Arrays.sort(sorted);
        return sorted;
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Percent. */
    private static double spread(double[] sorted) {
        return 100 * (sorted[sorted.length - 1] - sorted[0]) / median(sorted);
    }
}
