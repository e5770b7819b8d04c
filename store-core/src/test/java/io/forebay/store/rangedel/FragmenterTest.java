package io.forebay.store.rangedel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.util.Seeded;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FragmenterTest {
    @Test
    void cutsOverlappingRangesAtEveryBound() {
        FragmentArray fragments = new Fragmenter()
                .add(key("b"), key("f"), 3)
                .add(key("d"), null, 5)
                .finish();

        assertThat(text(fragments)).containsExactly("b-d [3]", "d-f [5, 3]", "f- [5]");
    }

    @Test
    void joinsThePartsOfARangeThatWasCut() {
        FragmentArray fragments = new Fragmenter()
                .add(key("b"), key("d"), 3)
                .add(key("d"), key("f"), 3)
                .add(key("f"), key("g"), 4)
                .finish();

        assertThat(text(fragments)).containsExactly("b-f [3]", "f-g [4]");
    }

    @Test
    void countsASequenceOnceWhereItsPartsOverlap() {
        FragmentArray fragments = new Fragmenter()
                .add(key("b"), key("f"), 3)
                .add(key("c"), key("g"), 3)
                .finish();

        assertThat(text(fragments)).containsExactly("b-g [3]");
    }

    @Test
    void leavesEmptyRangesOutAndGaps() {
        FragmentArray fragments = new Fragmenter()
                .add(key("x"), key("y"), 1)
                .add(key("c"), key("c"), 2)
                .add(key("d"), key("b"), 3)
                .add(key("a"), key("b"), 4)
                .finish();

        assertThat(text(fragments)).containsExactly("a-b [4]", "x-y [1]");
    }

    @Test
    void isEmptyAgainAfterFinish() {
        Fragmenter fragmenter = new Fragmenter().add(key("a"), key("c"), 1).add(key("b"), key("d"), 2);
        assertThat(fragmenter.isEmpty()).isFalse();
        fragmenter.finish();

        assertThat(fragmenter.isEmpty()).isTrue();
        assertThat(fragmenter.finish()).isSameAs(FragmentArray.EMPTY);
        assertThat(text(fragmenter.add(key("b"), key("c"), 3).finish())).containsExactly("b-c [3]");
    }

    /** What is cut on the way is what is cut at once, with neighbours that are not joined yet. */
    @Test
    void agreesWithTheMergeOfSources() {
        Seeded.run(FragmenterTest.class, 500, random -> {
            Fragmenter all = new Fragmenter();
            List<FragmentCursor> sources = new ArrayList<>();
            for (int i = random.nextInt(5); i > 0; i--) {
                Fragmenter one = new Fragmenter();
                for (int j = random.nextInt(6); j > 0; j--) {
                    byte[][] bounds = RangeDeleteModel.bounds(random);
                    long sequence = 1L + random.nextInt(9);
                    one.add(bounds[0], bounds[1], sequence);
                    all.add(bounds[0], bounds[1], sequence);
                }
                sources.add(one.finish().cursor());
            }
            FragmentMerge merge = new FragmentMerge(sources);
            List<Fragment> pieces = new ArrayList<>();
            Fragmenter joined = new Fragmenter();
            for (Fragment piece = merge.next(); piece != null; piece = merge.next()) {
                pieces.add(piece);
                joined.add(piece);
            }
            assertThat(merge.next()).isNull();
            FragmentArray.of(pieces); // refuses pieces out of order
            assertThat(text(joined.finish())).isEqualTo(text(all.finish()));
        });
    }

    @Test
    void agreesWithASearchThroughAllRanges() {
        Seeded.run(FragmenterTest.class, 500, random -> {
            RangeDeleteModel model = new RangeDeleteModel();
            Fragmenter fragmenter = new Fragmenter();
            int count = 1 + random.nextInt(12);
            for (int i = 0; i < count; i++) {
                byte[][] bounds = RangeDeleteModel.bounds(random);
                Fragment range = new Fragment(bounds[0], bounds[1], new long[] {1 + random.nextInt(count)});
                model.ranges.add(range);
                fragmenter.add(range);
            }
            if (random.nextBoolean()) {
                fragmenter.addAll(fragmenter.finish());
            }
            check(model, fragmenter.finish());
        });
    }

    @Test
    void mergesTheFragmentsOfSeveralSources() {
        Seeded.run(FragmenterTest.class, 200, random -> {
            RangeDeleteModel model = new RangeDeleteModel();
            Fragmenter whole = new Fragmenter();
            long sequence = 0;
            for (int source = 0; source < 3; source++) {
                Fragmenter part = new Fragmenter();
                for (int i = random.nextInt(5); i > 0; i--) {
                    byte[][] bounds = RangeDeleteModel.bounds(random);
                    Fragment range = new Fragment(bounds[0], bounds[1], new long[] {++sequence});
                    model.ranges.add(range);
                    part.add(range);
                }
                whole.addAll(part.finish());
            }
            check(model, whole.finish());
        });
    }

    private static void check(RangeDeleteModel model, FragmentArray fragments) {
        for (byte[] key : RangeDeleteModel.allKeys()) {
            Fragment fragment = fragments.covering(key, 0, key.length);
            assertThat(fragment == null ? new long[0] : fragment.sequences())
                    .as("over %s", Arrays.toString(key))
                    .isEqualTo(model.over(key));
        }
        Fragment last = null;
        for (Fragment fragment : fragments.fragments()) {
            boolean joinable = last != null
                    && Arrays.equals(last.end(), fragment.start())
                    && Arrays.equals(last.sequences(), fragment.sequences());
            assertThat(joinable).as("neighbours with the same sequences").isFalse();
            last = fragment;
        }
        RangeDeleteModel.checkSearches(fragments);
    }

    static byte[] key(String text) {
        return text.getBytes(UTF_8);
    }

    static List<String> text(RangeTombstones tombstones) {
        List<String> text = new ArrayList<>();
        for (Fragment fragment : tombstones.fragments()) {
            text.add(new String(fragment.start(), UTF_8) + "-"
                    + (fragment.end() == null ? "" : new String(fragment.end(), UTF_8))
                    + " " + Arrays.toString(fragment.sequences()));
        }
        return text;
    }
}
