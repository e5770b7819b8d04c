package io.forebay.store.harness.metamorphic;

import io.forebay.store.FileStore;
import io.forebay.store.Store;

/** Lets a test stand between a history and the store, or between the store and its files. */
interface Hooks {
    Hooks NONE = new Hooks() {};

    default Store store(Store opened) {
        return opened;
    }

    default FileStore files(FileStore files) {
        return files;
    }

    /** Told what happens, in order. */
    default void trace(String event) {}
}
