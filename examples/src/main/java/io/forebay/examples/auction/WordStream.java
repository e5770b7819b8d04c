package io.forebay.examples.auction;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The words of a text file in order, lower case, ten milliseconds of event time apart. */
final class WordStream implements Workload {
    private final List<String> words;

    private WordStream(List<String> words) {
        this.words = words;
    }

    static WordStream read(Path file) throws IOException {
        // Any bytes make a text in ISO 8859-1, so that no file is refused for its encoding; ASCII words come out the
        // same.
        String text = decode(Files.readAllBytes(file));
        List<String> words = new ArrayList<>();
        for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+")) {
            if (!word.isEmpty()) {
                words.add(word.intern());
            }
        }
        return new WordStream(words);
    }

    private static String decode(byte[] bytes) {
        String utf8 = new String(bytes, StandardCharsets.UTF_8);
        return utf8.indexOf('\uFFFD') < 0 ? utf8 : new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Override
    public long size() {
        return words.size();
    }

    @Override
    public boolean hasJoin() {
        return false;
    }

    @Override
    public Event event(long index) {
        return new Event(Event.Kind.WORD, words.get((int) index), index * 10, 1);
    }
}
