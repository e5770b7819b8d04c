package io.forebay.bench.worker;

import io.forebay.bench.scenarios.Measurement;
import java.util.StringJoiner;

/** One measurement as a line: fields separated by tabs. */
final class Wire {
    static final String MEASUREMENT = "measurement\t";
    static final String DONE = "done";
    static final String FAILED = "failed\t";

    private Wire() {}

    static String encode(Measurement m) {
        StringJoiner line = new StringJoiner("\t", MEASUREMENT, "");
        line.add(m.work());
        for (long field : new long[] {
            m.operations(),
            m.nanos(),
            m.p50(),
            m.p99(),
            m.p999(),
            m.allocatedBytes(),
            m.writtenBytes(),
            m.ingestedBytes(),
            m.reads(),
            m.diskBytes(),
            m.residentBytes(),
            m.pauseNanos()
        }) {
            line.add(Long.toString(field));
        }
        return line.toString();
    }

    static Measurement decode(String line) {
        String[] fields = line.substring(MEASUREMENT.length()).split("\t");
        long[] numbers = new long[fields.length - 1];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Long.parseLong(fields[i + 1]);
        }
        return new Measurement(
                fields[0],
                numbers[0],
                numbers[1],
                numbers[2],
                numbers[3],
                numbers[4],
                numbers[5],
                numbers[6],
                numbers[7],
                numbers[8],
                numbers[9],
                numbers[10],
                numbers[11]);
    }
}
