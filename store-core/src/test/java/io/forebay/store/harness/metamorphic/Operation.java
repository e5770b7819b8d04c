package io.forebay.store.harness.metamorphic;

import io.forebay.store.KeyRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * One line of a history.
 *
 * @param words as {@link Verb#signature} has them
 * @param inner of a batch or an ingest, else empty
 */
record Operation(Verb verb, List<String> words, List<Operation> inner) {
    Operation {
        words = List.copyOf(words);
        inner = List.copyOf(inner);
        if (!verb.accepts(words.size())) {
            throw new IllegalArgumentException(
                    verb.text() + " wants words as in \"" + verb.signature + "\", and got " + words);
        }
    }

    static Operation of(Verb verb, String... words) {
        return new Operation(verb, List.of(words), List.of());
    }

    static Operation group(Verb verb, List<Operation> inner) {
        return new Operation(verb, List.of(), inner);
    }

    static Operation parse(String line) {
        int brace = line.indexOf('{');
        String head = brace < 0 ? line : line.substring(0, brace);
        List<String> words = new ArrayList<>(List.of(head.trim().split(" +")));
        Verb verb = Verb.valueOf(words.remove(0).toUpperCase(Locale.ROOT));
        List<Operation> inner = new ArrayList<>();
        if (verb.hasInner()) {
            int end = line.lastIndexOf('}');
            if (brace < 0 || end < brace) {
                throw new IllegalArgumentException("No braces: " + line);
            }
            for (String part : line.substring(brace + 1, end).split(";")) {
                if (!part.isBlank()) {
                    inner.add(parse(part.trim()));
                }
            }
        }
        return new Operation(verb, words, inner);
    }

    String name(int index) {
        return words.get(index);
    }

    byte[] bytes(int index) {
        return Words.bytes(words.get(index));
    }

    /** Null for no bound. */
    byte[] bound(int index) {
        return Words.bound(words.get(index));
    }

    KeyRange range(int index) {
        return Words.range(words.get(index));
    }

    int count(int index) {
        return Integer.parseInt(words.get(index));
    }

    boolean reverse(int index) {
        return words.get(index).equals(Words.REVERSE);
    }

    Operation withWord(int index, String word) {
        List<String> changed = new ArrayList<>(words);
        changed.set(index, word);
        return new Operation(verb, changed, inner);
    }

    Operation withInner(List<Operation> changed) {
        return new Operation(verb, words, changed);
    }

    /** How many operations it makes. */
    int weight() {
        return Math.max(1, inner.size());
    }

    @Override
    public String toString() {
        String text = words.isEmpty() ? verb.text() : verb.text() + ' ' + String.join(" ", words);
        return verb.hasInner()
                ? text + inner.stream().map(Operation::toString).collect(Collectors.joining("; ", " {", "}"))
                : text;
    }
}
