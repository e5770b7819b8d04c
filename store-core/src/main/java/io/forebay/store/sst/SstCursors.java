package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.rangedel.FragmentArray;
import java.io.IOException;

/**
 * What is in a file, past the cache and on the heap: for tools that look at many files once each. Used by one thread; the
 * file stays open as long as cursors are used, and belongs to the caller.
 */
public final class SstCursors {
    private final SstReader reader;

    /**
     * Reads the metadata of a file.
     *
     * @param name of the file, for messages
     * @param keyId of the master key if the file must be encrypted; null when it may be plain
     */
    public SstCursors(ReadableFile file, String name, Encryption encryption, String keyId) throws IOException {
        reader = SstReader.openPastCache(file, name, null, encryption, keyId);
    }

    /** The range deletes of the visible part of the file, at {@code overrideSequence} unless that is -1. */
    public FragmentArray tombstones(KeyRange visible, long overrideSequence) {
        return reader.tombstones(visible, overrideSequence);
    }

    /** A cursor over the entries in {@code visible}; not positioned. */
    public InternalIterator iterator(KeyRange visible, long overrideSequence) {
        return reader.scanIterator(visible, overrideSequence);
    }
}
