package io.forebay.store.harness.linear;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Looks for one order of all calls of a history that explains every answer: just-in-time linearization. It goes through the
 * stamps and keeps the configurations that are possible: the state, which of the writes under way have happened, and which of
 * the reads under way have been explained by a state on the way here. A write is made to happen no earlier than something
 * needs it: its return, or the return of a read that nothing else explains. A read is explained as early as possible,
 * because it changes nothing.
 */
final class Checker {
    /** What may be so at a moment. */
    private static final class Configuration {
        final State state;
        /** By thread: its write under way has happened. */
        final long written;
        /** By thread: its read under way is explained. */
        final long explained;

        Configuration(State state, long written, long explained) {
            this.state = state;
            this.written = written;
            this.explained = explained;
        }
    }

    /**
     * @param read which nothing explains
     * @param states that were possible when it returned
     */
    record Wrong(Call read, List<State> states) {}

    private final Call[] writing = new Call[Long.SIZE];
    private final Call[] reading = new Call[Long.SIZE];
    private List<Configuration> possible = new ArrayList<>();

    private Checker(State start) {
        possible.add(new Configuration(start, 0, 0));
    }

    /** @return the first read that is wrong, or null */
    static Wrong check(List<Call> history, State start) {
        return new Checker(start).check(history);
    }

    /** The states that are possible when all calls of {@code history} have returned. */
    static List<State> statesAfter(List<Call> history, State start) {
        Checker checker = new Checker(start);
        Wrong wrong = checker.check(history);
        return wrong != null
                ? wrong.states
                : checker.possible.stream().map(one -> one.state).toList();
    }

    private Wrong check(List<Call> history) {
        List<Call> byReturn = new ArrayList<>(history);
        byReturn.sort(Comparator.comparingLong(Call::returned));
        List<Call> byCall = new ArrayList<>(history);
        byCall.sort(Comparator.comparingLong(Call::called));
        int begun = 0;
        for (Call call : byReturn) {
            while (begun < byCall.size() && byCall.get(begun).called() < call.returned()) {
                begin(byCall.get(begun++));
            }
            if (!end(call)) {
                return new Wrong(
                        call, possible.stream().map(one -> one.state).distinct().toList());
            }
        }
        return null;
    }

    private void begin(Call call) {
        if (!call.isRead()) {
            writing[call.thread()] = call;
            return;
        }
        reading[call.thread()] = call;
        possible.replaceAll(one ->
                one.state.shows(call) ? new Configuration(one.state, one.written, one.explained | call.bit()) : one);
    }

    /** @return false when nothing is possible any more; then what was possible stays */
    private boolean end(Call call) {
        List<Configuration> next = new ArrayList<>(possible.size());
        for (Configuration one : possible) {
            if (isDone(one, call)) {
                add(one, call, next);
            } else {
                advance(one, call, next);
            }
        }
        if (next.isEmpty()) {
            return false;
        }
        possible = next;
        if (call.isRead()) {
            reading[call.thread()] = null;
        } else {
            writing[call.thread()] = null;
        }
        return true;
    }

    private static boolean isDone(Configuration one, Call call) {
        return ((call.isRead() ? one.explained : one.written) & call.bit()) != 0;
    }

    /** Lets writes happen, in every order, until {@code call} is done. */
    private void advance(Configuration from, Call call, List<Configuration> into) {
        for (Call write : writing) {
            if (write == null || (from.written & write.bit()) != 0) {
                continue;
            }
            State state = from.state.with(write.effects());
            long explained = from.explained;
            for (Call read : reading) {
                if (read != null && (explained & read.bit()) == 0 && state.shows(read)) {
                    explained |= read.bit();
                }
            }
            Configuration next = new Configuration(state, from.written | write.bit(), explained);
            if (isDone(next, call)) {
                add(next, call, into);
            } else {
                advance(next, call, into);
            }
        }
    }

    /** Adds it, without {@code call}, which is over, unless another one explains as much. */
    private static void add(Configuration done, Call call, List<Configuration> into) {
        Configuration one = call.isRead()
                ? new Configuration(done.state, done.written, done.explained & ~call.bit())
                : new Configuration(done.state, done.written & ~call.bit(), done.explained);
        for (int i = 0; i < into.size(); i++) {
            Configuration other = into.get(i);
            if (other.written == one.written && other.state.isSame(one.state)) {
                if ((other.explained | one.explained) == other.explained) {
                    return;
                }
                if ((other.explained | one.explained) == one.explained) {
                    into.set(i, one);
                    return;
                }
            }
        }
        into.add(one);
    }
}
