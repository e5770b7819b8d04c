package io.forebay.store.testing;

/** How much a randomised test does: what every build can afford, or much more with {@code mvn -Plong}. */
public final class Effort {
    private Effort() {}

    /** True in the long profile. */
    public static boolean isLong() {
        return Boolean.getBoolean("forebay.long");
    }

    /** {@code normal}, or {@code thorough} in the long profile; {@code -Dforebay.<name>=N} overrules both. */
    public static long of(String name, long normal, long thorough) {
        return Long.getLong("forebay." + name, isLong() ? thorough : normal);
    }
}
