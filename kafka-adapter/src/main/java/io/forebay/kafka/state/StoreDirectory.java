package io.forebay.kafka.state;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.errors.ProcessorStateException;

/** The directory of the files of one store, inside the state directory of its task. */
final class StoreDirectory {
    /** Directory of all Forebay stores inside the state directory of a task. */
    static final String PARENT = "forebay";

    private final File stateDir;
    private final String storeName;
    private final File directory;

    StoreDirectory(File stateDir, String storeName) {
        this.stateDir = stateDir;
        this.storeName = storeName;
        this.directory = new File(new File(stateDir, PARENT), storeName);
    }

    File file() {
        return directory;
    }

    /** True when a store of this name was opened here before, by Forebay or by RocksDB. */
    boolean isUsed() {
        return directory.isDirectory()
                || new File(new File(stateDir, "rocksdb"), storeName).isDirectory()
                || new File(stateDir, storeName).isDirectory();
    }

    /** True when the directory has at least one file. */
    boolean hasFiles() {
        String[] files = directory.list();
        return files != null && files.length > 0;
    }

    /** Deletes all files. The directory itself stays, so that it {@link #isUsed}. */
    void deleteFiles() {
        if (!directory.isDirectory()) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory.toPath())) {
            for (Path file : files) {
                Utils.delete(file.toFile());
            }
        } catch (IOException e) {
            throw new ProcessorStateException("Cannot delete the files of store " + storeName + " in " + directory, e);
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }
}
