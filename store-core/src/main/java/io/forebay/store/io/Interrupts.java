package io.forebay.store.io;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/** Runs an I/O operation to its end, by repeating it after interrupts. The thread is interrupted again after it. */
final class Interrupts {
    /** An operation that has the same effect when it is repeated. */
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
