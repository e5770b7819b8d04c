package io.forebay.store;

import io.forebay.store.io.LocalFileStore;
import io.forebay.store.io.MemoryFileStore;
import java.io.File;

/** The file stores that come with Forebay. */
public final class FileStores {
    private FileStores() {}

    /** A directory of the local file system. An open creates the directory if it does not exist. */
    public static FileStore local(File directory) {
        return new LocalFileStore(directory);
    }

    /** A directory in memory. Its files live as long as the returned object. For tests and examples. */
    public static FileStore inMemory() {
        return new MemoryFileStore();
    }
}
