package io.forebay.store.harness.metamorphic;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** Entries of a scan as one line: the first few, the number and a checksum of all. Keys and values are shown as words. */
final class ScanLine {
    private static final int SHOWN_ENTRIES = 12;

    private final StringBuilder text = new StringBuilder();
    private final CRC32C crc = new CRC32C();
    private int count;

    static String entry(byte[] key, byte[] value) {
        return Words.word(key) + "=" + Words.shown(value);
    }

    static String value(byte[] value) {
        return value == null ? Subject.NONE : Words.shown(value);
    }

    void add(String entry) {
        if (count < SHOWN_ENTRIES) {
            text.append(count == 0 ? "" : " ").append(entry);
        }
        byte[] bytes = entry.getBytes(StandardCharsets.ISO_8859_1);
        crc.update(bytes, 0, bytes.length);
        crc.update(' ');
        count++;
    }

    @Override
    public String toString() {
        return count <= SHOWN_ENTRIES
                ? text + (count == 0 ? Subject.END : " " + Subject.END)
                : text + " ... " + count + " entries #" + Long.toHexString(crc.getValue());
    }
}
