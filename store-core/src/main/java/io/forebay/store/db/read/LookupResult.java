package io.forebay.store.db.read;

import io.forebay.store.MergeFunction;
import io.forebay.store.ValueBuffer;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.iter.MergedValue;
import io.forebay.store.key.PointLookup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Makes the value from what a point read has found: merges operands. Any thread. */
final class LookupResult {
    private final StoreContext store;
    private final MergeFunction mergeFunction;
    /** As {@link MergeFunction#appendDelimiter}. */
    private final int delimiter;

    LookupResult(StoreContext store) {
        this.store = store;
        mergeFunction = store.options.mergeFunction();
        delimiter = mergeFunction == null ? -1 : mergeFunction.appendDelimiter();
    }

    /**
     * Copies the value to {@code into}, the target of the lookup, if there is a value.
     *
     * @return false when there is no value
     */
    boolean bring(PointLookup lookup, ValueBuffer into) {
        if (!lookup.isFound()) {
            return false;
        }
        List<byte[]> values = lookup.operandsNewestFirst();
        if (values.size() > 1) {
            MergedValue.check(values, store.shared.limits().valueBytes());
        }
        if (values.size() > 1 && delimiter >= 0 && AppendedValue.join(values, (byte) delimiter, into)) {
            return true;
        }
        if (!values.isEmpty()) {
            byte[] merged = values.get(0);
            if (values.size() > 1) {
                List<byte[]> oldestFirst = new ArrayList<>(values);
                Collections.reverse(oldestFirst);
                byte[] key = Arrays.copyOfRange(lookup.key(), lookup.offset(), lookup.offset() + lookup.length());
                merged = MergedValue.of(mergeFunction, key, oldestFirst, store.keyText());
            }
            System.arraycopy(merged, 0, into.reset(merged.length), 0, merged.length);
        }
        return true;
    }
}
