package io.forebay.store.testing;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Decides which operation of one or several {@link FaultFileStore}s fails, and watches what they must not do: leave files
 * or locks open, or sync a file again whose sync failed. Thread-safe.
 */
public final class FaultInjector {
    /** What is counted. */
    public enum Operation {
        CREATE,
        OPEN,
        APPEND,
        READ,
        MAP,
        SYNC,
        SYNC_DIRECTORY,
        DELETE,
        LIST,
        EXISTS,
        LINK,
        PUT,
        CLOSE,
        LOCK
    }

    /** How an operation fails, and which operations can. */
    public enum Fault {
        /** An error without effect. */
        IO_ERROR(EnumSet.allOf(Operation.class)),
        /** The effect is there, and an error is reported all the same. */
        LATE_ERROR(EnumSet.of(
                Operation.CREATE,
                Operation.APPEND,
                Operation.SYNC,
                Operation.SYNC_DIRECTORY,
                Operation.DELETE,
                Operation.LINK,
                Operation.PUT)),
        /** No space: nothing is written. */
        DISK_FULL(EnumSet.of(
                Operation.CREATE,
                Operation.APPEND,
                Operation.SYNC,
                Operation.SYNC_DIRECTORY,
                Operation.LINK,
                Operation.PUT)),
        /** No space: a part of the bytes is written. */
        SHORT_WRITE(EnumSet.of(Operation.APPEND)),
        /** The file ends before the read does. */
        SHORT_READ(EnumSet.of(Operation.READ)),
        /** Nothing of what was to be synced is. */
        FAILED_SYNC(EnumSet.of(Operation.SYNC, Operation.SYNC_DIRECTORY)),
        /** It takes long, and other things happen meanwhile: see {@link #onSlow}. */
        SLOW(EnumSet.allOf(Operation.class));

        private final Set<Operation> operations;

        Fault(Set<Operation> operations) {
            this.operations = operations;
        }
    }

    private final Map<Operation, Long> counts = new EnumMap<>(Operation.class);
    private final List<String> violations = new ArrayList<>();
    private Consumer<Operation> onSlow = operation -> {};
    private Fault fault;
    private long left;
    private boolean sticky;
    private boolean meanwhile;
    private String struck;
    private int openReaders;
    private int openWriters;
    private int locks;

    /**
     * The {@code nth} operation from now on (1: the next) that the fault is for fails.
     *
     * @param forGood whether all such operations after it fail as well, until {@link #heal}
     */
    public synchronized void arm(Fault newFault, long nth, boolean forGood) {
        fault = newFault;
        left = nth;
        sticky = forGood;
        struck = null;
    }

    /** Nothing fails any more. */
    public synchronized void heal() {
        fault = null;
    }

    /** What failed first since {@link #arm}, or null. */
    public synchronized String struck() {
        return struck;
    }

    /** What happens during a slow operation, on its thread. */
    public synchronized void onSlow(Consumer<Operation> action) {
        onSlow = action;
    }

    /** Files opened or created and not closed, and locks held. */
    public synchronized int open() {
        return openReaders + openWriters + locks;
    }

    public synchronized int openReaders() {
        return openReaders;
    }

    /** What was done that must never be done. */
    public synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /** How many operations so far a fault could have hit. */
    public synchronized long matching(Fault fault) {
        long sum = 0;
        for (Operation operation : fault.operations) {
            sum += counts.getOrDefault(operation, 0L);
        }
        return sum;
    }

    /** Counts an operation. @return how it is to fail, or null */
    Fault next(Operation operation, String name) {
        Consumer<Operation> action;
        synchronized (this) {
            counts.merge(operation, 1L, Long::sum);
            if (meanwhile || fault == null || !fault.operations.contains(operation) || left == 0) {
                return null;
            }
            if (left > 1) {
                left--;
                return null;
            }
            if (!sticky) {
                left = 0;
            }
            if (struck == null) {
                struck = operation + " " + name;
            }
            if (fault != Fault.SLOW) {
                return fault;
            }
            meanwhile = true;
            action = onSlow;
        }
        try {
            action.accept(operation);
        } finally {
            synchronized (this) {
                meanwhile = false;
            }
        }
        return null;
    }

    /** The error that the operating system would report. */
    static IOException error(Fault fault, Operation operation, String name) {
        return switch (fault) {
            case DISK_FULL, SHORT_WRITE -> new IOException("No space left on device");
            case FAILED_SYNC -> new IOException("Input/output error (injected in the sync of " + name + ")");
            default -> new IOException("Input/output error (injected in " + operation + " " + name + ")");
        };
    }

    synchronized void violated(String what) {
        violations.add(what);
    }

    synchronized void readers(int change) {
        openReaders += change;
    }

    synchronized void writers(int change) {
        openWriters += change;
    }

    synchronized void locks(int change) {
        locks += change;
    }
}
