package io.forebay.store.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Channels on lock files that belong to other stores of this JVM. None of them may be closed, not even because it is garbage,
 * as long as the owner lives: with any of its channels on a file a process loses all locks on it.
 *
 * <p>The owner may be in another class loader, so what is here and the monitors that guard it are those of the JVM: the
 * system properties hold the lists, and only while there is one, and an interned string is the monitor of a file. Everything is
 * of types of the JDK, so that no class loader is kept.
 */
final class KeptChannels {
    private static final String PREFIX = "io.forebay.store.lock.";

    private KeptChannels() {}

    /**
     * To be held from before a lock file is opened until it is known whose it is, and while it is closed; the same in all class
     * loaders.
     *
     * @param file what the file system knows the file by
     */
    static Object monitor(String file) {
        return (PREFIX + file).intern();
    }

    /** Under the monitor of {@code file}, as are all others. */
    static void keep(String file, FileChannel channel) {
        List<FileChannel> kept = kept(file);
        if (kept == null) {
            kept = new ArrayList<>();
            System.getProperties().put(PREFIX + file, kept);
        }
        kept.add(channel);
    }

    /** One to try again with, which is not kept any more; null when there is none. So there are no more than ever tried at once. */
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

    /** The owner is gone. */
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
