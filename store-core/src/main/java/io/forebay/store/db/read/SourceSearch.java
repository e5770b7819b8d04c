package io.forebay.store.db.read;

import io.forebay.store.StoreIoException;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.key.PointLookup;
import io.forebay.store.memtable.Memtable;
import java.io.IOException;

/**
 * Asks the sources of a read state for one key, from the newest to the oldest: the active memtable, the immutable ones, the
 * files. It stops at the first source that settles the lookup.
 *
 * <p>It does not choose the state or the limit, and does not try again when a version was overwritten: {@link ReadPath} and
 * {@link MultiGet} do. Any thread.
 */
final class SourceSearch {
    private final StoreContext store;

    SourceSearch(StoreContext store) {
        this.store = store;
    }

    /**
     * Asks all sources, and counts the read.
     *
     * @param claimed whether the limit of the lookup is claimed
     * @return false when the version of the key that the limit sees was overwritten in place
     */
    boolean search(ReadState state, PointLookup lookup, boolean claimed) {
        int result = state.active.memtable.get(lookup, claimed);
        return result == Memtable.CONTINUE ? searchOlder(state, lookup, claimed) : inMemory(result);
    }

    /** As {@link #search}, of the sources below the active memtable. */
    boolean searchOlder(ReadState state, PointLookup lookup, boolean claimed) {
        int result = searchImmutable(state, lookup, claimed);
        if (result != Memtable.CONTINUE) {
            return inMemory(result);
        }
        store.counters.fileReads.increment();
        searchFiles(state, lookup);
        return true;
    }

    private boolean inMemory(int result) {
        if (result == Memtable.RETRY) {
            return false;
        }
        store.counters.memtableReads.increment();
        return true;
    }

    /** @return as {@link Memtable#get}, of all memtables */
    static int searchMemtables(ReadState state, PointLookup lookup, boolean claimed) {
        int result = state.active.memtable.get(lookup, claimed);
        return result == Memtable.CONTINUE ? searchImmutable(state, lookup, claimed) : result;
    }

    private static int searchImmutable(ReadState state, PointLookup lookup, boolean claimed) {
        int result = Memtable.CONTINUE;
        for (int i = 0; result == Memtable.CONTINUE && i < state.immutable.length; i++) {
            result = state.immutable[i].memtable.get(lookup, claimed);
        }
        return result;
    }

    /** Asks the files. */
    void searchFiles(ReadState state, PointLookup lookup) {
        try {
            state.version.get(lookup);
        } catch (IOException e) {
            store.lifecycle.checkReadable(); // the files of a closed store may be gone
            throw new StoreIoException("Reading store " + store.options.name() + " failed", e);
        }
    }
}
