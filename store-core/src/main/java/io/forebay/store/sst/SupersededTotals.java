package io.forebay.store.sst;

import io.forebay.store.key.ValueKind;
import io.forebay.store.values.ValueFileReader;
import io.forebay.store.values.ValueShare;
import java.util.Arrays;
import java.util.List;

/** Adds up what is {@link Superseded} in a file, entry by entry in the order of the file. Used by one thread. */
final class SupersededTotals {
    private long entryBytes;
    private long deleteBytes;
    /** Lengths of superseded values in each value file, and how many there are. */
    private long[] valueBytes = {};

    private long[] valueCounts = {};

    /** Whether a value or a delete of the present key was added: it hides all older versions. */
    private boolean decided;

    // The last entry.
    private boolean hidden;
    private byte kind;
    private int keyLength;
    private int valueLength;
    /** Place of the value file that it refers to, and the length of its value there; -1 for none. */
    private int file = -1;

    private int lengthInFile;

    /** @param sameKey whether the entry before has the same key */
    void add(boolean sameKey, byte newKind, int newKeyLength, int newValueLength) {
        hidden = sameKey && decided;
        decided = hidden || newKind != ValueKind.MERGE;
        kind = newKind;
        keyLength = newKeyLength;
        valueLength = newValueLength;
        file = -1;
        if (hidden) {
            entryBytes += (long) keyLength + valueLength;
        } else if (kind == ValueKind.DELETE) {
            deleteBytes += keyLength;
        }
    }

    /** The value of the last entry is in a value file. */
    void reference(int place, int length) {
        file = place;
        lengthInFile = length;
        if (hidden) {
            addValue();
        }
    }

    /** A range delete of the same file hides the last entry. */
    void covered() {
        if (hidden) {
            return;
        }
        hidden = true;
        entryBytes += (long) keyLength + valueLength;
        if (kind == ValueKind.DELETE) {
            deleteBytes -= keyLength;
        } else if (file >= 0) {
            addValue();
        }
    }

    private void addValue() {
        if (file >= valueBytes.length) {
            int more = Math.max(file + 1, 2 * valueBytes.length);
            valueBytes = Arrays.copyOf(valueBytes, more);
            valueCounts = Arrays.copyOf(valueCounts, more);
        }
        valueBytes[file] += lengthInFile;
        valueCounts[file]++;
    }

    /**
     * @param allBytes of keys and values of all entries
     * @param files in the order of their places
     * @return null when there is nothing of it
     */
    Superseded total(long allBytes, List<ValueShare> files) {
        long stored = 0;
        for (int i = 0; i < Math.min(valueBytes.length, files.size()); i++) {
            stored += valueBytes[i]
                    + valueCounts[i]
                            * ValueFileReader.storedBytes(0, files.get(i).keyId());
        }
        return entryBytes == 0 && deleteBytes == 0 ? null : new Superseded(allBytes, entryBytes, stored, deleteBytes);
    }
}
