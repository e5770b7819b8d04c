package io.forebay.store.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Channels on lock files that belong to other stores of this JVM. None of them may be closed or become garbage as long as the
 * owner of the lock lives, because a process loses all its locks on a file when it closes any of its channels on it.
 *
 * <p>The owner may be in another class loader. So the lists are in the system properties of the JVM, as long as they are not
 * empty, and the monitor of a file is an interned string. All objects are of types of the JDK, so that they keep no class
 * loader.
 */
final class KeptChannels {
    private static final String PREFIX = "io.forebay.store.lock.";

    private KeptChannels() {}

    /**
     * The monitor of a lock file, which is the same in all class loaders. A thread holds it from before it opens the file until
     * it knows which store has the lock, and while it closes the file.
     *
     * @param file identity of the file in the file system
     */
    static Object monitor(String file) {
        return (PREFIX + file).intern();
    }

    /** Keeps a channel. This and all other methods are called under the monitor of {@code file}. */
    static void keep(String file, FileChannel channel) {
        List<FileChannel> kept = kept(file);
        if (kept == null) {
            kept = new ArrayList<>();
            System.getProperties().put(PREFIX + file, kept);
        }
        kept.add(channel);
    }

    /**
     * Takes a kept channel for another try; null when there is none. So the number of channels is limited by the tries at one
     * time.
     */
    static FileChannel take(String file) {
        List<FileChannel> kept = kept(file);
        if (kept == null) {
            return null;
        }
        FileChannel channel = kept.remove(kept.size() - 1);
        if (kept.isEmpty()) {
            System.getProperties().remove(PREFIX + file);
        }
        return channel;
    }

    /** Closes all channels, because the owner has released the lock. */
    static void closeAll(String file) throws IOException {
        for (FileChannel channel = take(file); channel != null; channel = take(file)) {
            channel.close();
        }
    }

    @SuppressWarnings("unchecked")
    private static List<FileChannel> kept(String file) {
        return (List<FileChannel>) System.getProperties().get(PREFIX + file);
    }
}
