package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.values.ValueFile;
import java.io.IOException;

/**
 * Cursors over the keys of a file that use the heap and not the cache, for tools that read many files once each. Used by one thread. The
 * file belongs to the caller, which keeps it open as long as cursors are used.
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
        reader = SstReader.openPastCache(file, name, ValueFile.NONE, null, encryption, keyId, SstMetadata.UNKNOWN);
    }

    /** The range deletes of the visible part of the file, at {@code overrideSequence} unless that is -1. */
    public FragmentArray tombstones(KeyRange visible, long overrideSequence) {
        return reader.tombstones(visible, overrideSequence);
    }

    /** A cursor over the entries in {@code visible}; not positioned. Values in value files cannot be read. */
    public InternalIterator iterator(KeyRange visible, long overrideSequence) {
        return reader.scanIterator(visible, overrideSequence);
    }
}
