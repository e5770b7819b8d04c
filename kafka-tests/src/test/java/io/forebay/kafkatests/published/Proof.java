package io.forebay.kafkatests.published;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/**
 * Writes for each published class how many tests passed and failed and how many stores of Forebay and of RocksDB were
 * opened meanwhile, to {@code target/figures/kafka-published.tsv}. {@link PublishedProofTest} judges it. Kafka's classes run one
 * after the other; a store that a thread of an earlier class opens late is counted for the next one.
 */
public final class Proof implements TestExecutionListener {
    static final Path FILE = Path.of("target", "figures", "kafka-published.tsv");

    private String running;
    private long started;
    private long forebay;
    private long rocksDb;
    private int passed;
    private int failed;
    private int skipped;

    @Override
    public synchronized void executionStarted(TestIdentifier test) {
        if (running == null && isTopClass(test)) {
            running = test.getUniqueId();
            started = System.nanoTime();
            forebay = OpenedStores.FOREBAY.get();
            rocksDb = OpenedStores.ROCKS_DB.get();
            passed = 0;
            failed = 0;
            skipped = 0;
        }
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier test, String reason) {
        skipped++;
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case FAILED:
                failed++;
                break;
            case ABORTED:
                skipped++;
                break;
            default:
                passed += test.isTest() ? 1 : 0;
        }
        if (test.getUniqueId().equals(running)) {
            running = null;
            String name = ((ClassSource) test.getSource().orElseThrow()).getClassName();
            write(String.format(
                    Locale.ROOT,
                    "%s\t%d\t%d\t%d\t%d\t%d\t%.1f",
                    name,
                    passed,
                    failed,
                    skipped,
                    OpenedStores.FOREBAY.get() - forebay,
                    OpenedStores.ROCKS_DB.get() - rocksDb,
                    (System.nanoTime() - started) / 1e9));
        }
    }

    /** Forgets what an earlier run wrote. */
    static void begin() {
        try {
            Files.deleteIfExists(FILE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isTopClass(TestIdentifier test) {
        return Redirect.isWanted() && test.getSource().orElse(null) instanceof ClassSource;
    }

    private static void write(String line) {
        try {
            Files.createDirectories(FILE.getParent());
            Files.write(FILE, List.of(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
