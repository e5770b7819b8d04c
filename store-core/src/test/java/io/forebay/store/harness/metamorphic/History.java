package io.forebay.store.harness.metamorphic;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Operations in their order. As text: a line for each; empty lines and lines that begin with {@code #} are skipped, and a
 * line {@code options name=value ...} asks for this option set only.
 *
 * @param options null for all option sets
 */
record History(OptionSet options, List<Operation> operations) {
    private static final String OPTIONS = "options";
    /** Of the first store, which every history starts with. */
    static final String FIRST_STORE = "A";

    History {
        operations = List.copyOf(operations);
    }

    static History parse(String text) {
        OptionSet options = null;
        List<Operation> operations = new ArrayList<>();
        for (String raw : text.split("\n")) {
            String line = raw.strip();
            if (line.startsWith(OPTIONS)) {
                options = OptionSet.parse(line.substring(OPTIONS.length()));
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                operations.add(Operation.parse(line));
            }
        }
        return new History(options, operations);
    }

    History withOptions(OptionSet other) {
        return new History(other, operations);
    }

    History with(List<Operation> other) {
        return new History(options, other);
    }

    /** Iterators that are open at one time, at most: each may hold memory. */
    int mostIterators() {
        Map<String, String> storeOf = new HashMap<>();
        String store = FIRST_STORE;
        int most = 0;
        for (Operation operation : operations) {
            switch (operation.verb()) {
                case ITER -> storeOf.put(operation.name(0), store);
                case CLOSE -> storeOf.remove(operation.name(0));
                case USE, RESTORE -> store = operation.name(0);
                case CRASH -> storeOf.clear();
                case REOPEN, DROP -> storeOf.values().removeIf(store::equals);
                default -> {}
            }
            most = Math.max(most, storeOf.size());
        }
        return most;
    }

    /** How many operations a run of it makes. */
    long weight() {
        return operations.stream().mapToLong(Operation::weight).sum();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (options != null) {
            text.append(OPTIONS).append(' ').append(options).append('\n');
        }
        operations.forEach(operation -> text.append(operation).append('\n'));
        return text.toString();
    }
}
