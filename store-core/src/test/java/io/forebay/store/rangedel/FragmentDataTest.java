package io.forebay.store.rangedel;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.datadriven.DataDriven;
import io.forebay.store.testing.datadriven.KeyRanges;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Range deletes as drawings, cut to fragments as drawings. A column is a key, {@code a} being the first:
 *
 * <pre>
 *      abcdefgh
 *   7    |--|        a range delete with sequence 7 from c to f, without f
 *   5  |--| |-->     two with sequence 5, the second one to the end of the key space
 * fragments          what they are cut to
 * pinned 4           the same in a memtable when nothing above 4 is visible to anybody but the newest state
 * clip c-g           the part of the fragments in that range; "c-" has no end
 * newest d at 6      the newest that covers d for a reader at sequence 6
 * </pre>
 *
 * Each question is repeated before its answer. What is flushed from a memtable ({@link FragmentTree}) must be the same as what is made at
 * once ({@link FragmentArray}).
 */
class FragmentDataTest {
    private static final int PREFIX = 5;

    @TestFactory
    Stream<DynamicTest> answersAsWritten() {
        return DataDriven.files("rangedel", List.of("fragments", "clip", "pinned"), FragmentDataTest::answer);
    }

    private static String answer(List<String> lines) {
        List<Fragment> drawn = new ArrayList<>();
        StringBuilder answers = new StringBuilder();
        for (String line : lines) {
            if (line.startsWith(" ".repeat(PREFIX))) {
                assertThat("abcdefghijklmnopqrstuvwxyz").as("the ruler").startsWith(line.trim());
            } else if (line.startsWith(" ")) {
                drawn.addAll(parse(line));
            } else {
                answers.append(line).append(line.startsWith("newest") ? ": " : "\n");
                answers.append(ask(line.split(" +"), drawn));
            }
        }
        return answers.toString();
    }

    private static String ask(String[] words, List<Fragment> drawn) {
        Fragmenter fragmenter = new Fragmenter();
        drawn.forEach(fragmenter::add);
        FragmentArray array = fragmenter.finish();
        // A memtable has each sequence once and joins no neighbours of the same one.
        FragmentArray flushed =
                new Fragmenter().addAll(tree(drawn, Long.MAX_VALUE)).finish();
        assertThat(draw(flushed)).as("the memtable's").isEqualTo(draw(array));
        return switch (words[0]) {
            case "fragments" -> draw(array);
            case "pinned" -> draw(tree(drawn, Long.parseLong(words[1])));
            case "clip" -> draw(array.clip(KeyRanges.parse(words[1])));
            case "newest" -> newest(array, KeyRanges.key(words[1]), words[3]);
            default -> throw new IllegalArgumentException("Not understood: " + words[0]);
        };
    }

    private static String newest(FragmentArray array, byte[] key, String limit) {
        Fragment covering = array.covering(key, 0, key.length);
        long newest = covering == null ? -1 : covering.newestAtOrBelow(Long.parseLong(limit));
        return newest < 0 ? "none\n" : newest + "\n";
    }

    private static FragmentTree tree(List<Fragment> drawn, long pinned) {
        FragmentTree tree = FragmentTree.EMPTY;
        List<Fragment> inOrder = new ArrayList<>(drawn);
        inOrder.sort(Comparator.comparingLong(fragment -> fragment.sequences()[0]));
        for (Fragment fragment : inOrder) {
            tree = tree.with(fragment.start(), fragment.end(), fragment.sequences()[0], pinned);
        }
        return tree;
    }

    private static List<Fragment> parse(String line) {
        long[] sequence = {Long.parseLong(line.substring(0, PREFIX).trim())};
        List<Fragment> found = new ArrayList<>();
        int from = -1;
        for (int column = 0; column + PREFIX < line.length(); column++) {
            char c = line.charAt(column + PREFIX);
            assertThat("|-> ").as("a drawing: %s", line).contains(String.valueOf(c));
            boolean ends = from >= 0 && (c == '|' || c == '>');
            if (ends) {
                found.add(new Fragment(key(from), c == '>' ? null : key(column), sequence));
            }
            boolean begins = c == '|' && line.startsWith("-", column + PREFIX + 1);
            from = begins ? column : ends ? -1 : from;
        }
        assertThat(from).as("a drawing that ends: %s", line).isNegative();
        return found;
    }

    private static String draw(RangeTombstones tombstones) {
        List<Long> sequences = new ArrayList<>();
        for (Fragment fragment : tombstones.fragments()) {
            for (long sequence : fragment.sequences()) {
                if (!sequences.contains(sequence)) {
                    sequences.add(sequence);
                }
            }
        }
        if (sequences.isEmpty()) {
            return "nothing\n";
        }
        sequences.sort(Comparator.reverseOrder());
        int end = 0;
        for (Fragment fragment : tombstones.fragments()) {
            end = Math.max(end, column(fragment.end() == null ? fragment.start() : fragment.end()));
        }
        StringBuilder drawing = new StringBuilder();
        for (long sequence : sequences) {
            StringBuilder row = new StringBuilder(String.format(java.util.Locale.ROOT, "%3d  ", sequence));
            for (Fragment fragment : tombstones.fragments()) {
                for (long each : fragment.sequences()) {
                    if (each == sequence) {
                        draw(fragment, row, end);
                    }
                }
            }
            drawing.append(row).append('\n');
        }
        return drawing.toString();
    }

    private static void draw(Fragment fragment, StringBuilder row, int end) {
        int from = PREFIX + column(fragment.start());
        int to = PREFIX + (fragment.end() == null ? end + 3 : column(fragment.end()));
        while (row.length() < from) {
            row.append(' ');
        }
        row.setLength(from);
        row.append('|');
        while (row.length() < to) {
            row.append('-');
        }
        row.append(fragment.end() == null ? '>' : '|');
    }

    private static byte[] key(int column) {
        return new byte[] {(byte) ('a' + column)};
    }

    private static int column(byte[] key) {
        return key[0] - 'a';
    }
}
