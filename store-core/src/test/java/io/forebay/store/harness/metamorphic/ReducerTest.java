package io.forebay.store.harness.metamorphic;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Stores with planted bugs are found out, and what is left of the history is short. */
class ReducerTest {
    private static final int LENGTH = 400;

    /** How a store with a bug treats a call. */
    private interface Bug {
        /** @return true to leave the call out, which must have no result */
        boolean swallows(State state, String method, Object[] arguments);
    }

    private static final class State {
        int snapshots;
        int flushes;
        int merges;
    }

    private static Hooks planted(Bug bug) {
        return new Hooks() {
            @Override
            public Store store(Store opened) {
                State state = new State();
                return (Store) Proxy.newProxyInstance(
                        Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                            if (bug.swallows(state, method.getName(), arguments)) {
                                return null;
                            }
                            try {
                                Object result = method.invoke(opened, arguments);
                                state.snapshots += result instanceof Snapshot ? 1 : 0;
                                state.flushes += method.getName().equals("flush") ? 1 : 0;
                                state.merges += method.getName().equals("merge") ? 1 : 0;
                                return result;
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
            }
        };
    }

    private static History reduced(Bug bug) {
        Runner runner = new Runner(planted(bug));
        for (long seed = 1; seed < 100; seed++) {
            History history = HistoryGenerator.history(seed, LENGTH)
                    .withOptions(OptionSets.fixed().get(3));
            Runner.Failure failure = runner.run(history);
            if (failure != null) {
                Runner.Failure small = Reducer.reduce(runner, failure);
                assertThat(runner.run(History.parse(small.history().toString())))
                        .as("the printed history fails as well")
                        .isEqualTo(small);
                assertThat(new Runner(Hooks.NONE).run(small.history()))
                        .as("without the bug")
                        .isNull();
                return small.history();
            }
        }
        throw new AssertionError("The bug was not found");
    }

    @Test
    void aRangeDeleteForgottenAfterASnapshot() {
        History history = reduced((state, method, arguments) -> method.equals("deleteRange") && state.snapshots > 0);
        assertThat(history.operations()).as(history.toString()).hasSizeLessThanOrEqualTo(4);
    }

    @Test
    void aDeleteForgottenAfterTwoFlushesAndAMerge() {
        History history =
                reduced((state, method, arguments) -> method.equals("delete") && state.flushes > 1 && state.merges > 0);
        assertThat(history.operations()).as(history.toString()).hasSizeLessThanOrEqualTo(6);
    }

    @Test
    void anOpenRangeForgotten() {
        History history = reduced((state, method, arguments) -> method.equals("deleteRange") && arguments[1] == null);
        assertThat(history.operations()).as(history.toString()).hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void aLongValueForgotten() {
        History history = reduced((state, method, arguments) ->
                method.equals("put") && arguments.length == 2 && ((byte[]) arguments[1]).length > 400);
        assertThat(history.operations()).as(history.toString()).hasSizeLessThanOrEqualTo(2);
        assertThat(history.toString()).contains("~").hasSizeLessThan(200);
    }

    @Test
    void valuesAreKeptWhenTheFailureNeedsThem() {
        History history = reduced((state, method, arguments) ->
                method.equals("put") && arguments.length == 2 && Arrays.equals((byte[]) arguments[1], new byte[0]));
        assertThat(history.operations()).as(history.toString()).hasSizeLessThanOrEqualTo(2);
    }
}
