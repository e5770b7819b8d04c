package io.forebay.store.harness.crash;

import java.util.ArrayList;
import java.util.List;

/**
 * One crash state: where in which program, and what was left. Its text is what a failure prints and {@code
 * -Dforebay.crash=} takes: {@code TINY:COMMIT+FLUSH:17:5}, or {@code ...:5:3:0} for a second crash while the store came
 * back from the first one.
 *
 * @param change number of the change of the disk before the crash, from 1
 * @param variant of what is left; {@link CrashExplorer#KILL} when only the process ended; from {@link CrashExplorer#STALE} on with
 *     stale bytes
 * @param second change after which the second crash came, counted from the first crash; 0 for none
 */
record Place(StoreSetup setup, List<Op> program, int change, int variant, int second, int secondVariant) {
    static Place parse(String text) {
        String[] parts = text.split(":");
        List<Op> program = new ArrayList<>();
        for (String op : parts[1].split("\\+")) {
            program.add(Op.valueOf(op));
        }
        return new Place(
                StoreSetup.valueOf(parts[0]),
                program,
                Integer.parseInt(parts[2]),
                Integer.parseInt(parts[3]),
                parts.length > 4 ? Integer.parseInt(parts[4]) : 0,
                parts.length > 5 ? Integer.parseInt(parts[5]) : 0);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(setup.name()).append(':');
        for (int i = 0; i < program.size(); i++) {
            text.append(i == 0 ? "" : "+").append(program.get(i));
        }
        text.append(':').append(change).append(':').append(variant);
        if (second > 0) {
            text.append(':').append(second).append(':').append(secondVariant);
        }
        return text.toString();
    }
}
