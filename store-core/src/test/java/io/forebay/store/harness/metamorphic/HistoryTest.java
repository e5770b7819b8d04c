package io.forebay.store.harness.metamorphic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HistoryTest {
    @Test
    void textAndBack() {
        for (long seed = 0; seed < 20; seed++) {
            History history = HistoryGenerator.history(seed, 200)
                    .withOptions(OptionSets.fixed().get((int) seed));
            History parsed = History.parse(history.toString());
            assertThat(parsed).isEqualTo(history);
            assertThat(Runner.expected(parsed)).isEqualTo(Runner.expected(history));
        }
    }

    @Test
    void equalSeedsMakeEqualHistories() {
        assertThat(HistoryGenerator.history(5, 300)).isEqualTo(HistoryGenerator.history(5, 300));
        assertThat(HistoryGenerator.history(5, 300)).isNotEqualTo(HistoryGenerator.history(6, 300));
    }

    @Test
    void everyVerbIsMade() {
        Set<Verb> seen = EnumSet.noneOf(Verb.class);
        for (long seed = 0; seed < 20; seed++) {
            HistoryGenerator.history(seed, 500).operations().forEach(operation -> seen.add(operation.verb()));
        }
        assertThat(seen).containsExactlyInAnyOrder(Verb.values());
    }

    @Test
    void words() {
        assertThat(Words.word(Words.bytes("a\\00\\ffZ"))).isEqualTo("a\\00\\ffZ");
        assertThat(Words.bytes("ab~5")).isEqualTo(Words.bytes("ababa"));
        assertThat(Words.bytes("-")).isEmpty();
        assertThat(Words.bound("*")).isNull();
        assertThat(Words.range("[a,*)").to()).isNull();
    }

    @Test
    void linesThatAreWrongAreRefused() {
        assertThatThrownBy(() -> History.parse("put a")).hasMessageContaining("put wants");
        assertThatThrownBy(() -> History.parse("jump a")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> History.parse("options colour=red")).hasMessageContaining("colour");
        assertThatThrownBy(() -> History.parse("batch put a b")).hasMessageContaining("braces");
    }
}
