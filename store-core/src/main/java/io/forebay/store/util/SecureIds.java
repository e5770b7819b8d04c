package io.forebay.store.util;

import java.security.SecureRandom;
import java.util.function.LongSupplier;

/** Random bits for ids that must be unique across all machines. Thread-safe. */
public final class SecureIds implements LongSupplier {
    private final SecureRandom random = new SecureRandom();

    @Override
    public long getAsLong() {
        return random.nextLong();
    }
}
