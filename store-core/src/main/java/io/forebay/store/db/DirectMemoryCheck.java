package io.forebay.store.db;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.util.DirectMemory;

/**
 * Compares the memory budget of an environment, which is direct memory, with the direct memory that the JVM allows. So
 * a budget that is too large is found when the environment is built, and not by a write.
 */
final class DirectMemoryCheck {
    private DirectMemoryCheck() {}

    /**
     * @param budget bytes
     * @param jvm null when the state of the JVM's direct memory is not known
     * @return a warning when the JVM's other users of direct memory leave too little; null when there is nothing to say
     * @throws MemoryBudgetException when the limit of the JVM is smaller than the budget
     */
    static String check(long budget, DirectMemory.State jvm) {
        if (jvm == null) {
            return null;
        }
        String limit = jvm.limit() + " bytes of direct memory to all users together ("
                + (jvm.byDefault()
                        ? "the size of the heap, because -XX:MaxDirectMemorySize is not set"
                        : "-XX:MaxDirectMemorySize")
                + ")";
        if (budget > jvm.limit()) {
            throw new MemoryBudgetException("The memory budget is " + budget + " bytes, and this JVM gives " + limit
                    + ". Start it with -XX:MaxDirectMemorySize=" + flag(budget)
                    + " or more, counting in what others take, or lower the budget of the environment.");
        }
        // an eighth for later users that take nothing yet, like networking
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

    /** The bytes plus a third, in mebibytes, as an argument of the flag. */
    private static String flag(long bytes) {
        long mebibytes = bytes >> 20;
        return mebibytes + mebibytes / 3 + 1 + "m";
    }
}
