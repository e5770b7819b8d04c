package io.forebay.store.rangedel;

import static io.forebay.store.rangedel.FragmenterTest.key;
import static io.forebay.store.rangedel.FragmenterTest.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.forebay.store.util.Seeded;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FragmentTreeTest {
    @Test
    void forgetsCoveredRangesThatNobodyCanSee() {
        FragmentTree tree = FragmentTree.EMPTY
                .with(key("b"), key("c"), 1, 0)
                .with(key("d"), key("f"), 2, 0)
                .with(key("a"), key("e"), 3, 0);

        assertThat(text(tree)).containsExactly("a-e [3]", "e-f [2]");
    }

    @Test
    void keepsCoveredRangesUpToThePin() {
        FragmentTree tree = FragmentTree.EMPTY
                .with(key("b"), key("c"), 1, 0)
                .with(key("d"), key("f"), 2, 0)
                .with(key("a"), key("e"), 3, 1);

        assertThat(text(tree)).containsExactly("a-b [3]", "b-c [3, 1]", "c-e [3]", "e-f [2]");
    }

    @Test
    void reachesToTheEndOfTheKeySpace() {
        FragmentTree tree = FragmentTree.EMPTY.with(key("c"), null, 1, 0).with(key("a"), key("d"), 2, 1);
        assertThat(text(tree)).containsExactly("a-c [2]", "c-d [2, 1]", "d- [1]");

        assertThat(text(tree.with(key(""), null, 3, 0))).containsExactly("- [3]");
        assertThat(text(tree.with(key("b"), null, 3, 2)))
                .containsExactly("a-b [2]", "b-c [3, 2]", "c-d [3, 2, 1]", "d- [3, 1]");
    }

    @Test
    void agreesWithASearchThroughAllRangesAtEveryPinnedLimit() {
        Seeded.run(FragmentTreeTest.class, 100, random -> {
            RangeDeleteModel model = new RangeDeleteModel();
            FragmentTree tree = FragmentTree.EMPTY;
            List<FragmentTree> trees = new ArrayList<>(List.of(tree));
            List<Long> limits = new ArrayList<>(List.of(0L));
            long pinned = 0;
            int count = 1 + random.nextInt(25);
            for (long sequence = 1; sequence <= count; sequence++) {
                byte[][] bounds = RangeDeleteModel.bounds(random);
                model.ranges.add(new Fragment(bounds[0], bounds[1], new long[] {sequence}));
                long most = tree.bytesAfter(1, bounds[0].length + (bounds[1] == null ? 0 : bounds[1].length));
                tree = tree.with(bounds[0], bounds[1], sequence, pinned);
                assertThat(tree.bytes()).isLessThanOrEqualTo(most);
                trees.add(tree);
                if (random.nextInt(4) == 0) {
                    pinned = sequence;
                    limits.add(sequence);
                }
                RangeDeleteModel.checkSearches(tree);
                checkAt(tree, model, limits);
                checkAt(tree, model, List.of(sequence));
            }
            for (int i = 0; i < trees.size(); i++) {
                checkAt(trees.get(i), model, List.of((long) i));
            }
        });
    }

    /** Nobody can see the range deletes of a batch before its end, but all that was there before it. */
    @Test
    void tellsWhatABatchNeedsAtMost() {
        Seeded.run(FragmentTreeTest.class, 300, random -> {
            FragmentTree tree = FragmentTree.EMPTY;
            long sequence = 0;
            for (int batches = 1 + random.nextInt(4); batches > 0; batches--) {
                for (int i = random.nextInt(60); i > 0; i--) {
                    byte[][] bounds = RangeDeleteModel.bounds(random);
                    tree = tree.with(bounds[0], bounds[1], sequence + 1, sequence++);
                }
                List<byte[][]> batch = new ArrayList<>();
                long keyBytes = 0;
                for (int i = random.nextInt(60); i >= 0; i--) {
                    byte[][] bounds = RangeDeleteModel.bounds(random);
                    batch.add(bounds);
                    keyBytes += bounds[0].length + (bounds[1] == null ? 0 : bounds[1].length);
                }
                long most = tree.bytesAfter(batch.size(), keyBytes);
                long pinned = sequence;
                for (byte[][] bounds : batch) {
                    tree = tree.with(bounds[0], bounds[1], ++sequence, pinned);
                    assertThat(tree.bytes()).isLessThanOrEqualTo(most);
                }
            }
        });
    }

    /** The worst that a batch can do: each bound cuts the fragment with the most sequences. */
    @Test
    void countsWhatACutRepeats() {
        FragmentTree tree = FragmentTree.EMPTY;
        long sequence = 0;
        for (int i = 0; i < 1_000; i++) {
            tree = tree.with(number(0), null, sequence + 1, sequence++);
        }
        long most = tree.bytesAfter(100, 800);
        long pinned = sequence;
        for (int i = 1; i <= 100; i++) {
            tree = tree.with(number(2 * i), number(2 * i + 1), ++sequence, pinned);
        }
        assertThat(tree.bytes()).isBetween(200 * 1_000L * Long.BYTES, most);
    }

    private static void checkAt(FragmentTree tree, RangeDeleteModel model, List<Long> limits) {
        for (byte[] key : RangeDeleteModel.allKeys()) {
            Fragment fragment = tree.covering(key, 0, key.length);
            long[] over = model.over(key);
            for (long limit : limits) {
                long newest =
                        Arrays.stream(over).filter(s -> s <= limit).findFirst().orElse(-1);
                if ((fragment == null ? -1 : fragment.newestAtOrBelow(limit)) != newest) {
                    fail("over %s at %s, expected %s, in %s", Arrays.toString(key), limit, newest, text(tree));
                }
            }
        }
    }

    @Test
    void staysShallowWhateverTheOrder() {
        for (int order = 0; order < 3; order++) {
            FragmentTree tree = FragmentTree.EMPTY;
            int count = 50_000;
            Random random = new Random(order);
            for (int i = 0; i < count; i++) {
                int at = order == 0 ? i : order == 1 ? count - i : random.nextInt(count);
                tree = tree.with(number(2 * at), number(2 * at + 1), i + 1L, 0);
            }
            // a path of a treap of 50,000 nodes beyond this length is out of the question
            assertThat(tree.depth()).isLessThan(70);
            assertThat(tree.with(number(0), null, count + 1L, 0).size()).isEqualTo(1);
            assertThat(tree.with(number(0), number(3), count + 1L, 0).size()).isLessThanOrEqualTo(tree.size());
        }
    }

    private static byte[] number(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }
}
