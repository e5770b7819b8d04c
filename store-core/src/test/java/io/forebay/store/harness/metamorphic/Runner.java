package io.forebay.store.harness.metamorphic;

import io.forebay.store.Durability;
import java.util.ArrayList;
import java.util.List;

/** Runs histories on stores and compares what comes out with what should. */
final class Runner {
    /**
     * A history that went another way than it should.
     *
     * @param line index of the operation; the number of operations when the end was wrong
     */
    record Failure(History history, int line, String expected, String found) {
        @Override
        public String toString() {
            String operation = line < history.operations().size()
                    ? history.operations().get(line).toString()
                    : "close everything";
            return "operation " + line + ", " + operation + "\n  expected: " + expected + "\n  found:    " + found;
        }
    }

    /** What a history should answer, from stores without and with a log. */
    record Expected(List<String> withoutLog, List<String> withLog) {
        List<String> of(OptionSet options) {
            return options.durability() == Durability.NONE ? withoutLog : withLog;
        }
    }

    private final Hooks hooks;
    private long executed;
    private long runs;

    Runner(Hooks hooks) {
        this.hooks = hooks;
    }

    /** Operations that stores have executed so far. */
    long executed() {
        return executed;
    }

    /** Histories that were run, each with one option set. */
    long runs() {
        return runs;
    }

    static Expected expected(History history) {
        return new Expected(answers(history, false), answers(history, true));
    }

    private static List<String> answers(History history, boolean keepsWrites) {
        List<String> answers = new ArrayList<>(history.operations().size());
        try (Reference reference = new Reference(keepsWrites)) {
            history.operations().forEach(operation -> answers.add(reference.apply(operation)));
        }
        return answers;
    }

    /** Null when all is well. The history must have options. */
    Failure run(History history) {
        return run(history, expected(history));
    }

    /** As {@link #run(History)}; the answers may be used for many option sets. */
    Failure run(History history, Expected expected) {
        if (!history.options().accepts(history)) {
            return null;
        }
        runs++;
        List<String> answers = expected.of(history.options());
        int line = 0;
        Failure failure = null;
        Reference reference = new Reference(history.options().durability() != Durability.NONE);
        StoreSubject subject = new StoreSubject(history.options(), hooks, reference);
        try {
            for (; failure == null && line < history.operations().size(); line++) {
                Operation operation = history.operations().get(line);
                executed += operation.weight();
                String found = subject.apply(operation);
                reference.follow(operation);
                hooks.trace(operation + " -> " + found);
                if (!found.equals(answers.get(line))) {
                    failure = new Failure(history, line, answers.get(line), found);
                }
            }
        } finally {
            failure = closed(subject, failure, history);
        }
        return failure;
    }

    private static Failure closed(Subject subject, Failure failure, History history) {
        try {
            subject.close();
        } catch (RuntimeException | AssertionError e) {
            return failure != null
                    ? failure
                    : new Failure(history, history.operations().size(), Subject.OK, "threw " + e);
        }
        return failure;
    }
}
