package io.forebay.store.harness.linear;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Makes a wrong history small, in ways that keep it a history of the same store: other reads go, then facts of reads, then keys
 * that no read is about, then the calls before the last moment without a write under way, in favour of the state then.
 */
final class HistoryReducer {
    private final List<Call> whole;
    private List<Call> history;
    private State start = State.EMPTY;

    private HistoryReducer(List<Call> history) {
        whole = history;
        this.history = history;
    }

    /** @return as text; the history must be wrong */
    static String reduce(List<Call> history) {
        HistoryReducer reducer = new HistoryReducer(history);
        reducer.cutEnd();
        reducer.dropReads();
        reducer.dropFacts();
        reducer.dropKeys();
        reducer.cutBeginning();
        return reducer.tell();
    }

    private boolean isWrong(List<Call> candidate) {
        return Checker.check(candidate, start) != null;
    }

    private void cutEnd() {
        Call read = Checker.check(history, start).read();
        history = history.stream()
                .filter(call -> call.called() < read.returned())
                .filter(call -> !call.isRead() || call.returned() <= read.returned())
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** Halves, quarters and so on, until every read is needed. */
    private void dropReads() {
        List<Call> reads = history.stream().filter(Call::isRead).toList();
        for (int size = Math.max(1, reads.size() / 2); ; size = Math.max(1, size / 2)) {
            boolean smaller = false;
            for (int from = 0; from < reads.size(); ) {
                List<Call> without = new ArrayList<>(reads);
                without.subList(from, Math.min(reads.size(), from + size)).clear();
                if (!without.isEmpty() && isWrong(withReads(without))) {
                    reads = without;
                    smaller = true;
                } else {
                    from += size;
                }
            }
            if (size == 1 && !smaller) {
                break;
            }
        }
        history = withReads(reads);
    }

    private List<Call> withReads(Collection<Call> reads) {
        List<Call> calls = history.stream().filter(call -> !call.isRead()).collect(Collectors.toList());
        calls.addAll(reads);
        return calls;
    }

    private void dropFacts() {
        for (int at = 0; at < history.size(); at++) {
            for (int fact = 0;
                    history.get(at).isRead() && fact < history.get(at).keys().length; ) {
                List<Call> without = new ArrayList<>(history);
                without.set(at, withoutFact(history.get(at), fact));
                if (history.get(at).keys().length > 1 && isWrong(without)) {
                    history = without;
                } else {
                    fact++;
                }
            }
        }
    }

    private static Call withoutFact(Call read, int fact) {
        int last = read.keys().length - 1;
        int[] keys = Arrays.copyOf(read.keys(), last);
        byte[][] seen = Arrays.copyOf(read.seen(), last);
        if (fact < last) {
            keys[fact] = read.keys()[last];
            seen[fact] = read.seen()[last];
        }
        return Call.read(read.thread(), read.called(), read.returned(), read.what(), keys, seen);
    }

    private TreeSet<Integer> keys() {
        TreeSet<Integer> keys = new TreeSet<>();
        history.stream()
                .filter(Call::isRead)
                .forEach(read -> Arrays.stream(read.keys()).forEach(keys::add));
        return keys;
    }

    private void dropKeys() {
        TreeSet<Integer> keys = keys();
        List<Call> kept = new ArrayList<>();
        for (Call call : history) {
            List<Effect> effects = call.effects().stream()
                    .filter(effect -> keys.stream().anyMatch(effect::touches))
                    .toList();
            if (call.isRead()) {
                kept.add(call);
            } else if (!effects.isEmpty()) {
                kept.add(Call.write(call.thread(), call.called(), call.returned(), call.what(), effects));
            }
        }
        history = kept;
    }

    /** To the last moment from which it is still wrong, and at which there was but one state. */
    private void cutBeginning() {
        List<Call> byCall = new ArrayList<>(history);
        byCall.sort(Comparator.comparingLong(Call::called));
        long before =
                byCall.stream().filter(Call::isRead).findFirst().orElseThrow().called();
        for (int at = byCall.size() - 1; at > 0; at--) {
            long moment = byCall.get(at).called();
            List<Call> earlier =
                    history.stream().filter(call -> call.called() < moment).toList();
            if (moment <= before && earlier.stream().allMatch(call -> call.returned() < moment)) {
                List<State> states = Checker.statesAfter(earlier, start);
                List<Call> later = new ArrayList<>(history);
                later.removeAll(earlier);
                if (states.size() == 1 && Checker.check(later, states.get(0)) != null) {
                    start = states.get(0);
                    history = later;
                    return;
                }
            }
        }
    }

    private String tell() {
        Checker.Wrong wrong = Checker.check(history, start);
        StringBuilder text = new StringBuilder("No order of these calls explains the last answer:");
        for (int key : keys()) {
            text.append("\n  before: ").append(key).append(" is ").append(start.value(key));
        }
        history.stream()
                .sorted(Comparator.comparingLong(Call::called))
                .forEach(call -> text.append("\n  ").append(call));
        Call last = wrong.read();
        for (int i = 0; i < last.keys().length; i++) {
            tellOrigin(last.keys()[i], last.seen()[i], text);
        }
        text.append("\n  when it returned, possible states were");
        for (State state : wrong.states()) {
            text.append("\n   ");
            for (int key : keys()) {
                text.append(' ').append(key).append('=').append(state.value(key));
            }
        }
        return text.toString();
    }

    /** Which write brought the value that was seen, wherever in the history. */
    private void tellOrigin(int key, byte[] seen, StringBuilder text) {
        for (Call call : whole) {
            boolean isOrigin = call.effects().stream()
                    .anyMatch(effect -> effect.touches(key)
                            && effect.value() != null
                            && Arrays.equals(effect.value().bytes(), seen));
            if (isOrigin) {
                text.append("\n  ").append(key).append('=').append(Effect.Value.text(seen));
                text.append(" is of ").append(call.what()).append(" [").append(call.called());
                text.append("..").append(call.returned()).append(']');
            }
        }
    }
}
