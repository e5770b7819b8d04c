package io.forebay.store.rangedel;

import static io.forebay.store.rangedel.FragmenterTest.key;
import static io.forebay.store.rangedel.FragmenterTest.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.forebay.store.KeyRange;
import io.forebay.store.util.Seeded;
import java.util.List;
import org.junit.jupiter.api.Test;

class FragmentArrayTest {
    private final FragmentArray three =
            FragmentArray.of(List.of(fragment("b", "d", 4, 2), fragment("d", "f", 3), fragment("k", null, 9)));

    @Test
    void clipsTheFragmentsAcrossTheBounds() {
        assertThat(text(three.clip(KeyRange.of(key("c"), key("e"))))).containsExactly("c-d [4, 2]", "d-e [3]");
        assertThat(text(three.clip(KeyRange.of(key("e"), null)))).containsExactly("e-f [3]", "k- [9]");
        assertThat(text(three.clip(KeyRange.of(key("l"), key("m"))))).containsExactly("l-m [9]");
    }

    @Test
    void clipsToNothingOutsideAndToItselfInside() {
        assertThat(three.clip(KeyRange.of(key("f"), key("k"))).isEmpty()).isTrue();
        assertThat(three.clip(KeyRange.of(null, key("b"))).isEmpty()).isTrue();
        assertThat(three.clip(KeyRange.of(key("c"), key("c"))).isEmpty()).isTrue();
        assertThat(three.clip(KeyRange.of(key("b"), null))).isSameAs(three);
        assertThat(FragmentArray.EMPTY.clip(KeyRange.all())).isSameAs(FragmentArray.EMPTY);
    }

    @Test
    void spansFromTheFirstStartToTheLastEnd() {
        assertThat(three.range()).isEqualTo(KeyRange.of(key("b"), null));
        assertThat(three.clip(KeyRange.of(null, key("c"))).range()).isEqualTo(KeyRange.of(key("b"), key("c")));
        assertThat(FragmentArray.EMPTY.range()).isNull();
    }

    @Test
    void findsTheNewestSequenceBelowALimit() {
        Fragment fragment = three.get(0);

        assertThat(fragment.newestAtOrBelow(9)).isEqualTo(4);
        assertThat(fragment.newestAtOrBelow(3)).isEqualTo(2);
        assertThat(fragment.newestAtOrBelow(1)).isEqualTo(-1);
    }

    @Test
    void refusesWhatIsNotASortedListOfFragments() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FragmentArray.of(List.of(fragment("d", "f", 1), fragment("b", "c", 2))))
                .withMessageContaining("does not lie after");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FragmentArray.of(List.of(fragment("d", null, 1), fragment("e", "f", 2))))
                .withMessageContaining("does not lie after");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FragmentArray.of(List.of(fragment("d", "f", 1), fragment("e", "g", 2))));
        assertThatIllegalArgumentException().isThrownBy(() -> FragmentArray.of(List.of(fragment("d", "d", 1))));
        assertThatIllegalArgumentException().isThrownBy(() -> FragmentArray.of(List.of(fragment("d", "e"))));
        assertThatIllegalArgumentException().isThrownBy(() -> FragmentArray.of(List.of(fragment("d", "e", 1, 2))));
    }

    @Test
    void clipsAndSearchesLikeTheModel() {
        Seeded.run(FragmentArrayTest.class, 300, random -> {
            RangeDeleteModel model = new RangeDeleteModel();
            Fragmenter fragmenter = new Fragmenter();
            for (int i = 1 + random.nextInt(8); i > 0; i--) {
                byte[][] bounds = RangeDeleteModel.bounds(random);
                model.ranges.add(new Fragment(bounds[0], bounds[1], new long[] {i}));
                fragmenter.add(bounds[0], bounds[1], i);
            }
            byte[][] bounds = RangeDeleteModel.bounds(random);
            KeyRange range = KeyRange.of(bounds[0], bounds[1]);
            FragmentArray clipped = fragmenter.finish().clip(range);

            for (byte[] key : RangeDeleteModel.allKeys()) {
                Fragment fragment = clipped.covering(key, 0, key.length);
                assertThat(fragment == null ? new long[0] : fragment.sequences())
                        .isEqualTo(range.contains(key) ? model.over(key) : new long[0]);
            }
            RangeDeleteModel.checkSearches(clipped);
        });
    }

    private static Fragment fragment(String start, String end, long... sequences) {
        return new Fragment(key(start), end == null ? null : key(end), sequences);
    }
}
