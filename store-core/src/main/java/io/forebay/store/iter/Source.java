package io.forebay.store.iter;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.rangedel.TombstoneSet;
import java.util.Objects;

/**
 * Entries and range deletes of one memtable or sorted run. The entries need not be in the ranges of the range deletes, nor the
 * other way round.
 *
 * @param iterator closed by the cursor that takes the source
 * @param tombstones never null; range deletes above the limit of a read may be among them
 */
public record Source(InternalIterator iterator, TombstoneSet tombstones) {
    public Source {
        Objects.requireNonNull(iterator, "iterator");
        Objects.requireNonNull(tombstones, "tombstones");
    }

    /** A source without range deletes. */
    public static Source of(InternalIterator iterator) {
        return new Source(iterator, RangeTombstones.NONE);
    }
}
