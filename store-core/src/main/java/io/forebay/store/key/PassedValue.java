package io.forebay.store.key;

import io.forebay.store.ValueBuffer;
import java.io.IOException;

/** A value that is not in memory, of an entry that a cursor may have left. Used by the thread of the cursor. */
public interface PassedValue {
    /** Copies the value to {@code into}, which does not change when this throws. */
    void read(ValueBuffer into) throws IOException;
}
