package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.datadriven.DataDriven;
import io.forebay.store.testing.datadriven.KeyRanges;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What a store sees of a file of which it shows a part, as text.
 *
 * <pre>
 * file a#3=x a#1+y c#5- [b,d)#4 [k,)#2     a put, a merge operand, a delete, and two range deletes; #: sequences
 * show c-f                                 all of the file that lies in the range
 * show c-f as 9                            with 9 as the sequence of everything, as of an ingested file
 * get b at 4                               what a point read at sequence 4 gets from the file; "as" again
 * </pre>
 *
 * What is shown is read forward and back, through the cache and past it, and entry by entry with seeks: always the same.
 */
class VisibleDataTest {
    /** So small that a block has one or two entries, and index blocks a few. */
    private static final int BLOCK_BYTES = 128;

    @TestFactory
    Stream<DynamicTest> answersAsWritten() {
        return DataDriven.files("visible", List.of("clip", "get"), VisibleDataTest::answer);
    }

    private static String answer(List<String> lines) throws IOException {
        assertThat(lines.get(0)).startsWith("file ");
        SstModel model = parse(lines.get(0).substring(5).trim().split(" +"));
        StringBuilder answer = new StringBuilder();
        try (SstFixture open = new SstFixture(new ByteArrayFile(model.bytes(BLOCK_BYTES, 10)), "f", 4 << 20)) {
            for (String line : lines.subList(1, lines.size())) {
                String[] words = line.split(" +");
                answer.append(line).append(": ");
                if (words[0].equals("show")) {
                    long as = words.length > 2 ? Long.parseLong(words[3]) : -1;
                    answer.append(show(open.reader, KeyRanges.parse(words[1]), as))
                            .append('\n');
                } else if (words[0].equals("get")) {
                    long as = words.length > 4 ? Long.parseLong(words[5]) : -1;
                    SstModel.Answer got =
                            SstModel.Answer.of(open.reader, KeyRanges.key(words[1]), Long.parseLong(words[3]), as);
                    answer.append(got.found() ? "found" : "not found");
                    answer.append(got.settled() ? ", older files do not matter\n" : ", older files may have more\n");
                } else {
                    throw new IllegalArgumentException("Not understood: " + line);
                }
            }
        }
        return answer.toString();
    }

    private static String show(SstReader reader, KeyRange range, long as) throws IOException {
        List<Entry> shown = new ArrayList<>();
        for (boolean cached : new boolean[] {true, false}) {
            List<Entry> forward = new ArrayList<>();
            List<Entry> backward = new ArrayList<>();
            try (InternalIterator cursor = cached ? reader.iterator(range, as) : reader.scanIterator(range, as)) {
                for (cursor.seekToFirst(); cursor.isValid(); cursor.next()) {
                    forward.add(Entry.current(cursor));
                }
                for (cursor.seekToLast(); cursor.isValid(); cursor.prev()) {
                    backward.add(Entry.current(cursor));
                }
                seekEach(cursor, forward);
            }
            Collections.reverse(backward);
            assertThat(backward).as("on the way back").isEqualTo(forward);
            assertThat(cached || forward.equals(shown)).as("past the cache").isTrue();
            shown = forward;
        }
        List<String> words = new ArrayList<>();
        shown.forEach(entry -> words.add(text(entry)));
        RangeTombstones tombstones = reader.tombstones(range, as);
        for (Fragment fragment : tombstones.fragments()) {
            String end = fragment.end() == null ? "" : KeyRanges.text(fragment.end());
            words.add("[" + KeyRanges.text(fragment.start()) + "," + end + ")"
                    + Arrays.toString(fragment.sequences())
                            .replaceAll("[\\[\\] ]", "")
                            .replaceAll("^|,", "#"));
        }
        return words.isEmpty() ? "nothing" : String.join(" ", words);
    }

    private static void seekEach(InternalIterator cursor, List<Entry> entries) throws IOException {
        for (Entry entry : entries) {
            cursor.seek(entry.key(), 0, entry.key().length);
            Entry first = entries.stream()
                    .filter(each -> Arrays.equals(each.key(), entry.key()))
                    .findFirst()
                    .orElseThrow();
            assertThat(Entry.current(cursor)).as("seek").isEqualTo(first);
            cursor.seekBefore(entry.key(), 0, entry.key().length);
            int before = entries.indexOf(first) - 1;
            assertThat(cursor.isValid() ? Entry.current(cursor) : null)
                    .as("before")
                    .isEqualTo(before < 0 ? null : entries.get(before));
        }
    }

    private static SstModel parse(String[] words) {
        List<Entry> entries = new ArrayList<>();
        List<Fragment> tombstones = new ArrayList<>();
        for (String word : words) {
            String[] parts = word.split("#");
            if (word.startsWith("[")) {
                String[] bounds = parts[0].substring(1, parts[0].length() - 1).split(",");
                tombstones.add(
                        Entry.fragment(bounds[0], bounds.length > 1 ? bounds[1] : null, Long.parseLong(parts[1])));
            } else {
                String[] value = parts[1].split("[=+-]", 2);
                char kind = parts[1].charAt(value[0].length());
                entries.add(Entry.of(
                        parts[0],
                        Long.parseLong(value[0]),
                        kind == '=' ? ValueKind.PUT : kind == '+' ? ValueKind.MERGE : ValueKind.DELETE,
                        value[1]));
            }
        }
        return new SstModel(entries, tombstones);
    }

    private static String text(Entry entry) {
        char kind = entry.kind() == ValueKind.PUT ? '=' : entry.kind() == ValueKind.MERGE ? '+' : '-';
        return KeyRanges.text(entry.key()) + "#" + entry.sequence() + kind + KeyRanges.text(entry.value());
    }
}
