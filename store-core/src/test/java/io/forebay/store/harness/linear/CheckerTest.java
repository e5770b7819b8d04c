package io.forebay.store.harness.linear;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckerTest {
    private final List<Call> history = new ArrayList<>();

    private void write(int thread, long called, long returned, Effect... effects) {
        history.add(Call.write(thread, called, returned, "write", List.of(effects)));
    }

    /** @param facts key, value, key, value and so on; a value of null was absent */
    private void read(int thread, long called, long returned, Object... facts) {
        int[] keys = new int[facts.length / 2];
        byte[][] seen = new byte[keys.length][];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = (Integer) facts[2 * i];
            seen[i] = facts[2 * i + 1] == null ? null : bytes((String) facts[2 * i + 1]);
        }
        history.add(Call.read(thread, called, returned, "read", keys, seen));
    }

    private static Effect put(int key, String value) {
        return Effect.put(key, bytes(value));
    }

    private static Effect merge(int key, String operand) {
        return Effect.merge(key, bytes(operand));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private void assertRight() {
        assertThat(Checker.check(history, State.EMPTY)).isNull();
    }

    private void assertWrong(String... told) {
        assertThat(Checker.check(history, State.EMPTY)).isNotNull();
        assertThat(HistoryReducer.reduce(history)).contains(told);
    }

    @Test
    void aReadBesideAWriteMaySeeItOrNot() {
        write(0, 0, 1, put(1, "a"));
        write(0, 2, 9, put(1, "b"));
        read(1, 3, 4, 1, "a");
        read(1, 5, 6, 1, "b");
        read(2, 3, 8, 1, "b");
        assertRight();
    }

    @Test
    void whatHasReturnedIsSeen() {
        write(0, 0, 1, put(1, "a"));
        write(0, 2, 3, put(1, "b"));
        read(1, 4, 5, 1, "a");
        assertWrong("1 was a", "1=b");
    }

    @Test
    void whatWasNotCalledYetIsNotSeen() {
        read(1, 0, 1, 1, "a");
        write(0, 2, 3, put(1, "a"));
        assertWrong("1 was a", "1=none");
    }

    @Test
    void aLaterReadDoesNotGoBack() {
        write(0, 0, 1, put(1, "a"));
        write(0, 2, 9, put(1, "b"));
        read(1, 3, 4, 1, "b");
        read(2, 5, 6, 1, "a");
        assertWrong("1 was b", "1 was a");
    }

    @Test
    void theMiddleOfABatchIsNotSeen() {
        write(0, 0, 1, put(1, "a"));
        write(0, 2, 5, put(1, "mid"), put(2, "x"), put(1, "b"));
        read(1, 3, 4, 1, "mid");
        assertWrong("1 was mid");
    }

    @Test
    void allKeysOfAReadAreOfOneMoment() {
        write(0, 0, 1, put(1, "a"), put(2, "a"));
        write(0, 2, 3, put(1, "b"));
        write(0, 4, 5, put(2, "b"));
        read(1, 1, 9, 1, "a", 2, "b");
        assertWrong("1 was a", "2 was b");
    }

    @Test
    void aViewThatChangesIsWrong() {
        write(0, 0, 1, put(1, "a"), put(2, "x"));
        write(0, 4, 5, put(1, "b"));
        Facts facts = new Facts();
        facts.add(2, bytes("x"));
        facts.add(1, bytes("a"));
        facts.add(1, bytes("b"));
        history.add(facts.toRead(1, 2, 3, "snapshot"));
        assertWrong("1 was b", "1=b is of write [4..5]");
    }

    @Test
    void mergesJoinAndRangeDeletesEmpty() {
        write(0, 0, 1, put(1, "a"), merge(1, "b"), merge(2, "c"), put(3, "d"));
        read(1, 2, 3, 1, "a,b", 2, "c", 3, "d");
        write(0, 4, 5, Effect.deleteRange(1, 3), merge(2, "e"));
        read(1, 6, 7, 1, null, 2, "e", 3, "d");
        assertRight();
    }

    @Test
    void writersThatOverlapMayBeInAnyOrderButInOne() {
        write(0, 0, 9, merge(1, "x"));
        write(1, 1, 8, merge(1, "y"));
        read(2, 10, 11, 1, "y,x");
        assertRight();
        read(3, 12, 13, 1, "x,y");
        assertWrong("1 was y,x", "1 was x,y");
    }

    @Test
    void writersThatDoNotOverlapAreInTheirOrder() {
        write(0, 0, 1, merge(1, "x"));
        write(1, 2, 3, merge(1, "y"));
        read(2, 4, 5, 1, "y,x");
        assertWrong("1 was y,x", "1=x,y");
    }

    @Test
    void aReadMayBeExplainedByAStateThatIsGoneWhenItReturns() {
        write(0, 0, 1, put(1, "a"));
        read(2, 2, 9, 1, "a");
        write(0, 3, 4, put(1, "b"));
        write(0, 5, 6, put(1, "c"));
        assertRight();
    }

    @Test
    void whatIsTakenAwayFromAWrongHistoryDoesNotMatter() {
        for (int i = 0; i < 50; i++) {
            write(0, 4L * i, 4L * i + 1, put(i % 5, "v" + i), put(10 + i % 3, "w" + i));
            read(1, 4L * i + 2, 4L * i + 3, i % 5, "v" + i, 10 + i % 3, "w" + i);
        }
        read(2, 200, 201, 0, "v45", 1, "v41");
        String told = HistoryReducer.reduce(history);
        assertThat(told)
                .contains("before: 1 is v46", "1 was v41", "1=v41 is of write [164..165]")
                .doesNotContain("v45", "v40", "w1");
    }
}
