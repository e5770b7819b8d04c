package io.forebay.store.testing.interleave;

/** Two operations to be run in every order of their steps; implemented beside the copy of the engine that is stepped. */
public interface Interleaving {
    String name();

    /** A fresh start, the same every time. */
    Run begin();

    /** One run of both operations, each on a thread of its own. What they throw is theirs to keep for {@link #check}. */
    interface Run extends AutoCloseable {
        void first();

        void second();

        /** Called when both have ended, on another thread. @return what is wrong, or null */
        String check();

        @Override
        void close();
    }
}
