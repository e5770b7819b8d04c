package io.forebay.store.db;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.util.DirectMemory;

/** Compares the budget of an environment, which is direct memory, with what the JVM allows, before a write meets the end. */
final class DirectMemoryCheck {
    private DirectMemoryCheck() {}

    /**
     * @param budget bytes
     * @param jvm null when nothing is known
     * @return a warning when others leave too little; null when there is nothing to say
     * @throws MemoryBudgetException when the JVM will never give so much
     */
    static String check(long budget, DirectMemory.State jvm) {
        if (jvm == null) {
            return null;
        }
        String limit = jvm.limit() + " bytes of direct memory to everybody together ("
                + (jvm.byDefault()
                        ? "the size of the heap, because -XX:MaxDirectMemorySize is not set"
                        : "-XX:MaxDirectMemorySize")
                + ")";
        if (budget > jvm.limit()) {
            throw new MemoryBudgetException("The memory budget is " + budget + " bytes, and this JVM gives " + limit
                    + ". Start it with -XX:MaxDirectMemorySize=" + flag(budget)
                    + " or more, counting in what others take, or lower the budget of the environment.");
        }
        // what networking takes later is not seen yet
        long spare = jvm.limit() - jvm.limit() / 8;
        if (budget + jvm.used() > spare) {
            return "The memory budget is " + budget + " bytes, and this JVM gives " + limit + ", of which "
                    + jvm.used()
                    + " are taken. When it refuses some of the budget, less is cached and memtables are flushed"
                    + " earlier. Start it with -XX:MaxDirectMemorySize=" + flag(budget + jvm.used())
                    + " or more, or lower the budget of the environment.";
        }
        return null;
    }

    /** A third more, in mebibytes. */
    private static String flag(long bytes) {
        long mebibytes = bytes >> 20;
        return mebibytes + mebibytes / 3 + 1 + "m";
    }
}
