package io.forebay.store.harness.metamorphic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Makes a failing history small: cuts what follows the failure, then leaves out halves, quarters and so on down to single
 * operations, then shortens what is left: batches, keys, values, bounds, counts, options. Whatever still fails, in
 * whatever way, is kept.
 */
final class Reducer {
    /** Bounds the work, should a failure not repeat reliably. */
    private static final int MOST_RUNS = 20_000;
    /** Bounds the time, should each run take long to fail. */
    private static final long MOST_NANOS = 120_000_000_000L;

    private final Runner runner;
    private Runner.Failure best;
    private int runs;
    private final long started = System.nanoTime();

    private Reducer(Runner runner, Runner.Failure failure) {
        this.runner = runner;
        best = failure;
    }

    /** A smaller failure of the same runner, or the one given when nothing can go. */
    static Runner.Failure reduce(Runner runner, Runner.Failure failure) {
        Reducer reducer = new Reducer(runner, failure);
        String before;
        do {
            before = reducer.best.history().toString();
            reducer.cutTail();
            reducer.leaveOut();
            reducer.shrinkGroups();
            reducer.shrinkOptions();
            reducer.shrinkWords();
        } while (!before.equals(reducer.best.history().toString()) && !reducer.isOver());
        return reducer.best;
    }

    private boolean isOver() {
        return runs >= MOST_RUNS || System.nanoTime() - started > MOST_NANOS;
    }

    private boolean tryOut(History candidate) {
        if (isOver()) {
            return false;
        }
        runs++;
        Runner.Failure failure = runner.run(candidate);
        if (failure == null) {
            return false;
        }
        best = failure;
        return true;
    }

    private List<Operation> operations() {
        return best.history().operations();
    }

    private boolean tryOut(List<Operation> operations) {
        return tryOut(best.history().with(operations));
    }

    private void cutTail() {
        int end = best.line() + 1;
        if (end < operations().size()) {
            tryOut(operations().subList(0, end));
        }
    }

    private void leaveOut() {
        for (int size = Math.max(1, operations().size() / 2); size >= 1; size /= 2) {
            // from the back: what made the failure visible is there, and what it needs comes before
            for (int from = operations().size() - size; from > -size; from -= size) {
                int start = Math.max(0, from);
                int end = Math.min(operations().size(), from + size);
                if (start < end) {
                    tryOut(without(operations(), start, end));
                }
            }
        }
    }

    private static <T> List<T> without(List<T> all, int from, int to) {
        List<T> rest = new ArrayList<>(all.subList(0, from));
        rest.addAll(all.subList(to, all.size()));
        return rest;
    }

    private void shrinkGroups() {
        for (int line = 0; line < operations().size(); line++) {
            Operation group = operations().get(line);
            if (group.inner().isEmpty()) {
                continue;
            }
            for (int size = group.inner().size(); size >= 1; size /= 2) {
                for (int from = 0; from < innerOf(line).size(); ) {
                    List<Operation> inner = innerOf(line);
                    Operation smaller =
                            operations().get(line).withInner(without(inner, from, Math.min(inner.size(), from + size)));
                    if (!replace(line, smaller)) {
                        from += size;
                    }
                }
            }
            List<Operation> left = innerOf(line);
            if (left.size() == 1) {
                replace(line, left.get(0));
            }
        }
    }

    private List<Operation> innerOf(int line) {
        return line < operations().size() ? operations().get(line).inner() : List.of();
    }

    private boolean replace(int line, Operation other) {
        List<Operation> changed = new ArrayList<>(operations());
        changed.set(line, other);
        return tryOut(changed);
    }

    private void shrinkOptions() {
        for (String name : best.history().options().special()) {
            tryOut(best.history().withOptions(best.history().options().withDefault(name)));
        }
    }

    private void shrinkWords() {
        shortenKeys();
        for (int line = 0; line < operations().size(); line++) {
            Operation operation = operations().get(line);
            for (int word = 0; word < operation.words().size(); word++) {
                shrinkWord(line, word);
            }
            int at = line;
            for (int i = 0; i < operation.inner().size(); i++) {
                int index = i;
                Operation inner = operation.inner().get(i);
                for (int word = 0; word < inner.words().size(); word++) {
                    for (String simpler : simpler(inner, word)) {
                        Operation changed =
                                operations().get(at).inner().get(index).withWord(word, simpler);
                        List<Operation> all =
                                new ArrayList<>(operations().get(at).inner());
                        all.set(index, changed);
                        if (replace(at, operations().get(at).withInner(all))) {
                            break;
                        }
                    }
                }
            }
        }
    }

    private void shrinkWord(int line, int word) {
        for (String simpler : simpler(operations().get(line), word)) {
            if (replace(line, operations().get(line).withWord(word, simpler))) {
                return;
            }
        }
    }

    /** Words that could stand there, simplest first. */
    private static List<String> simpler(Operation operation, int index) {
        String word = operation.words().get(index);
        List<String> candidates = new ArrayList<>();
        switch (operation.verb().kindOf(index)) {
            case 'v' -> {
                candidates.add("v");
                int tilde = word.indexOf('~');
                if (tilde > 0) {
                    candidates.add(word.substring(0, tilde));
                    int length = Integer.parseInt(word.substring(tilde + 1));
                    for (int shorter = 100; shorter < length; shorter *= 2) {
                        candidates.add(word.substring(0, tilde + 1) + shorter);
                    }
                }
            }
            case 'b' -> candidates.add(Words.NO_BOUND);
            case 'r' -> candidates.add(Words.range(null, null));
            case 's' -> candidates.add(Words.NOW);
            case 'i' -> candidates.add("1");
            case 'd' -> candidates.add(Words.FORWARD);
            default -> {}
        }
        int same = candidates.indexOf(word);
        return same < 0 ? candidates : candidates.subList(0, same);
    }

    /** Renames all keys to a, b, c and so on in their order; failing that, one by one. */
    private void shortenKeys() {
        Map<String, String> names =
                new TreeMap<>((a, b) -> java.util.Arrays.compareUnsigned(Words.bytes(a), Words.bytes(b)));
        operations()
                .forEach(operation -> renamed(operation, key -> {
                    names.put(key, key);
                    return key;
                }));
        if (names.size() > 26) {
            return;
        }
        char next = 'a';
        for (Map.Entry<String, String> name : names.entrySet()) {
            name.setValue(String.valueOf(next++));
        }
        UnaryOperator<String> rename = names::get;
        List<Operation> renamed = operations().stream()
                .map(operation -> renamed(operation, rename))
                .toList();
        if (!renamed.equals(operations())) {
            tryOut(renamed);
        }
    }

    private static Operation renamed(Operation operation, UnaryOperator<String> name) {
        Operation result = operation;
        for (int i = 0; i < operation.words().size(); i++) {
            String word = operation.words().get(i);
            char kind = operation.verb().kindOf(i);
            if (kind == 'k' || kind == 'b' && !word.equals(Words.NO_BOUND)) {
                result = result.withWord(i, name.apply(word));
            } else if (kind == 'r') {
                int comma = word.indexOf(',');
                String from = word.substring(1, comma);
                String to = word.substring(comma + 1, word.length() - 1);
                result = result.withWord(
                        i, "[" + name.apply(from) + "," + (to.equals(Words.NO_BOUND) ? to : name.apply(to)) + ")");
            }
        }
        List<Operation> inner =
                operation.inner().stream().map(one -> renamed(one, name)).toList();
        return result.withInner(inner);
    }
}
