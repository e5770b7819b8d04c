package io.forebay.bench;

import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import java.util.ArrayList;
import java.util.List;

/** What a run plays, in order. */
record Plan(List<Entry> entries) {
    /** @param rounds timed ones, after one for warming up */
    record Entry(Scenario scenario, Scale scale, int rounds) {}

    /** Under five minutes on two cores. */
    static Plan quick() {
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry(Scenario.CORE, new Scale(200_000, 100), 3));
        for (Scenario scenario : Scenario.values()) {
            if (scenario != Scenario.CORE && scenario != Scenario.COLD) {
                entries.add(new Entry(scenario, new Scale(100_000, 100), 3));
            }
        }
        entries.add(new Entry(Scenario.COLD, new Scale(300_000, 100), 3));
        return new Plan(entries);
    }

    static Plan full() {
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry(Scenario.CORE, new Scale(1_000_000, 100), 7));
        entries.add(new Entry(Scenario.CORE, new Scale(1_000_000, 8), 5));
        entries.add(new Entry(Scenario.CORE, new Scale(200_000, 1000), 5));
        entries.add(new Entry(Scenario.CORE, new Scale(30_000, 10_000), 5));
        entries.add(new Entry(Scenario.CORE, new Scale(10_000_000, 100), 3));
        for (Scenario scenario : Scenario.values()) {
            if (scenario != Scenario.CORE && scenario != Scenario.COLD) {
                entries.add(new Entry(scenario, new Scale(1_000_000, 100), 5));
            }
        }
        entries.add(new Entry(Scenario.COLD, new Scale(5_000_000, 100), 3));
        return new Plan(entries);
    }
}
