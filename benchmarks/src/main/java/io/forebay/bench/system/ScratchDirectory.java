package io.forebay.bench.system;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A directory for what nobody needs after the run. It goes when it is closed, and when a signal ends the program. */
public final class ScratchDirectory implements AutoCloseable {
    private final Path path;
    private final PrintStream terminal;
    private final List<Runnable> users = new CopyOnWriteArrayList<>();
    private final Thread hook = new Thread(this::end, "scratch");

    /**
     * @param parent where a new directory is made
     * @param terminal gets a warning when it cannot be deleted
     */
    public ScratchDirectory(Path parent, PrintStream terminal) throws IOException {
        this.terminal = terminal;
        path = java.nio.file.Files.createTempDirectory(parent, "forebay-bench");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    public Path path() {
        return path;
    }

    /** @param stop ends what works in the directory; called before that is deleted because of a signal, from another thread */
    public void onSignal(Runnable stop) {
        users.add(stop);
    }

    private void end() {
        users.forEach(Runnable::run);
        delete();
    }

    private void delete() {
        try {
            Files.deleteTree(path);
        } catch (IOException e) {
            terminal.println("WARNING cannot delete " + path + ": " + e);
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The hook runs already, and deletes after it has stopped the users.
            return;
        }
        delete();
    }
}
