package io.forebay.store.io;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/** Runs an I/O operation that may be repeated to its end, whatever interrupts arrive, and hands the interrupt on after it. */
final class Interrupts {
    /** An operation whose repetition has the same effect as one run. */
    interface Operation {
        void run() throws IOException;
    }

    private Interrupts() {}

    static void shield(Operation operation) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    operation.run();
                    return;
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
