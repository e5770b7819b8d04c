package io.forebay.store.io;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashFileSystem;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.SteppedExecutor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A store, its checkpoint and a store restored from that, each in a directory some levels below one that is there, in a file
 * system that crashes after every change: what was acknowledged is there and whole, and what was not is not in the way.
 */
final class LocalCrashes {
    private static final String HOST = "/host";
    private static final String STORE = HOST + "/state/task/store";
    private static final String BACKUP = HOST + "/backups/monday/first";
    private static final String RESTORED = HOST + "/state/other/restored";
    private static final String METADATA = "CHECKPOINT";
    private static final String SAVED = "saved";
    private static final String AFTER = "after the crash";

    /** Ids of files; different in every process. */
    private static final AtomicLong IDS = new AtomicLong();

    private static final StoreOptions OPTIONS = StoreOptions.builder()
            .name("local")
            .memtableBytes(1024)
            .blockBytes(128)
            .targetFileBytes(4096)
            .build();

    private record Commit(String payload, Model state) {}

    /** What must be true after a crash at this moment. */
    private record Expected(List<Commit> commits, int acknowledged, Model saved, boolean backedUp, boolean restored) {
        long fingerprint() {
            return commits.size() * 1000L
                    + acknowledged * 10L
                    + (saved == null ? 0 : 1)
                    + (backedUp ? 2 : 0)
                    + (restored ? 4 : 0);
        }
    }

    private final CrashFileSystem system;
    private final int variants;
    private final Figures figures;
    private final Set<Long> tried = new HashSet<>();
    private final List<Commit> commits = new ArrayList<>(List.of(new Commit("", new Model())));
    private Model model = new Model();
    private Model saved;
    private int acknowledged;
    private boolean backedUp;
    private boolean restored;
    private int change;
    private AssertionError failure;

    /**
     * @param links whether files get names by links; otherwise they are renamed
     * @param variants of what a crash may leave after each change
     */
    LocalCrashes(boolean links, int variants, Figures figures) throws IOException {
        system = new CrashFileSystem(links);
        this.variants = variants;
        this.figures = figures;
        Path host = system.getPath(HOST);
        Files.createDirectory(host);
        system.syncAll(host);
    }

    /** @throws AssertionError for the first crash after which something is missing */
    void run() throws Exception {
        system.watch(this::changed);
        try (Environment environment = environment()) {
            Store store = environment.open(files(system, STORE), OPTIONS);
            write(store, 0, 30);
            durable(store);
            write(store, 20, 40);
            store.commit(commit());
            store.flush();
            acknowledged = commits.size() - 1;
            store.deleteRange(key(5), key(15));
            model.deleteRange(key(5), key(15));
            durable(store);
            store.compact();
            backUp(store);
            write(store, 30, 50);
            durable(store);
            restore(environment, system);
            restored = true;
            store.close();
        }
        try (Environment environment = environment();
                Store store = environment.open(files(system, STORE), OPTIONS)) {
            write(store, 10, 60);
            durable(store);
        }
        system.watch(what -> {});
        figures.add("changes of the file system", change);
        if (failure != null) {
            throw failure;
        }
    }

    private void write(Store store, int from, int to) {
        for (int i = from; i < to; i++) {
            byte[] value = bytes("value " + i + " of step " + commits.size() + ".".repeat(i % 40));
            store.put(key(i), value);
            model.put(key(i), value);
        }
    }

    private byte[] commit() {
        String payload = "commit " + commits.size();
        commits.add(new Commit(payload, model.copy()));
        return bytes(payload);
    }

    private void durable(Store store) {
        store.commitDurably(commit());
        acknowledged = commits.size() - 1;
    }

    private void backUp(Store store) throws Exception {
        saved = model.copy();
        try (Checkpoint checkpoint = store.checkpoint(bytes(SAVED))) {
            store.flush();
            checkpoint.completion().get();
            checkpoint.writeTo(files(system, BACKUP));
        }
        backedUp = true;
    }

    // ---- crashes

    private void changed(String what) {
        change++;
        Expected expected = new Expected(List.copyOf(commits), acknowledged, saved, backedUp, restored);
        for (int i = 0; i < variants && failure == null; i++) {
            CrashChoice choice = CrashChoice.variant(i, change);
            attempt(system.afterCrash(choice), expected, what + ", left: " + choice, false);
        }
        if (failure == null) {
            attempt(system.afterKill(), expected, what + ", the process killed", true);
        }
    }

    private void attempt(CrashFileSystem image, Expected expected, String what, boolean killed) {
        figures.add("states", 1);
        if (!tried.add(image.hash() * 31 + expected.fingerprint() * 2 + (killed ? 1 : 0))) {
            return;
        }
        figures.add("states opened", 1);
        try {
            check(image, expected);
            for (int i = 0; killed && i < 3; i++) {
                CrashChoice choice = CrashChoice.variant(2 * i, change);
                figures.add("states after a kill and a crash", 1);
                checkAgain(image.afterCrash(choice), expected, choice);
            }
        } catch (Exception | AssertionError e) {
            failure = new AssertionError("Crash after change " + change + " (" + what + "): " + e.getMessage(), e);
        }
    }

    private void check(CrashFileSystem image, Expected expected) throws Exception {
        try (Environment environment = environment()) {
            try (Store store = environment.open(files(image, STORE), OPTIONS)) {
                Commit found = find(expected, new String(store.durablePayload(), StandardCharsets.UTF_8));
                same(store, found.state, "the store");
                noTemporaries(image, STORE);
                store.commitDurably(bytes(AFTER));
            }
            if (expected.saved != null) {
                checkBackup(environment, image, expected);
            }
            if (expected.backedUp) {
                checkRestored(environment, image, expected);
            }
        }
    }

    /** What the process after the killed one has acknowledged survives a crash, as does what the killed one had. */
    private void checkAgain(CrashFileSystem image, Expected expected, CrashChoice choice) throws Exception {
        try (Environment environment = environment()) {
            try (Store store = environment.open(files(image, STORE), OPTIONS)) {
                require(
                        Arrays.equals(store.durablePayload(), bytes(AFTER)),
                        "the commit of the next process is gone, left: " + choice);
            }
            if (expected.backedUp) {
                checkBackup(environment, image, expected);
                // the next process has restored, too
                try (Store store = environment.open(files(image, RESTORED), OPTIONS)) {
                    same(store, expected.saved, "the store that the next process restored");
                }
            }
        }
    }

    private static Commit find(Expected expected, String payload) {
        for (int i = expected.acknowledged; i < expected.commits.size(); i++) {
            if (expected.commits.get(i).payload.equals(payload)) {
                return expected.commits.get(i);
            }
        }
        throw new AssertionError("the store is at \"" + payload + "\", must be at \""
                + expected.commits.get(expected.acknowledged).payload + "\" or behind it");
    }

    private static void checkBackup(Environment environment, CrashFileSystem image, Expected expected)
            throws IOException {
        LocalFileStore files = files(image, BACKUP);
        if (!files.exists(METADATA)) {
            require(!expected.backedUp, "the checkpoint is gone");
            return;
        }
        RestoreSource source = new RestoreSource(files, metadata(files), KeyRange.all());
        try (Store store = environment.restore(FileStores.inMemory(), OPTIONS, List.of(source), bytes(SAVED))) {
            same(store, expected.saved, "the checkpoint");
        }
    }

    private static void checkRestored(Environment environment, CrashFileSystem image, Expected expected)
            throws IOException {
        if (!expected.restored) {
            restore(environment, image);
        }
        try (Store store = environment.open(files(image, RESTORED), OPTIONS)) {
            same(store, expected.saved, "the restored store");
            noTemporaries(image, RESTORED);
        }
    }

    /** Done before, to its end or not, or for the first time. */
    private static void restore(Environment environment, CrashFileSystem system) throws IOException {
        LocalFileStore backup = files(system, BACKUP);
        RestoreSource source = new RestoreSource(backup, metadata(backup), KeyRange.all());
        try {
            environment
                    .restore(files(system, RESTORED), OPTIONS, List.of(source), bytes(SAVED))
                    .close();
        } catch (IllegalStateException e) {
            // there is a store: the restore had come to its end
        }
    }

    private static byte[] metadata(LocalFileStore files) throws IOException {
        try (ReadableFile file = files.open(METADATA)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private static void noTemporaries(CrashFileSystem image, String directory) throws IOException {
        try (var entries = Files.newDirectoryStream(image.getPath(directory), "*" + FileNames.TEMPORARY)) {
            require(!entries.iterator().hasNext(), "a temporary file is left in " + directory);
        }
    }

    private static void same(ReadView view, Model state, String where) {
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            for (Map.Entry<byte[], byte[]> entry : state.in(KeyRange.all()).entrySet()) {
                require(
                        iterator.isValid()
                                && Arrays.equals(iterator.key(), entry.getKey())
                                && Arrays.equals(iterator.value(), entry.getValue()),
                        where + " is wrong at " + new String(entry.getKey(), StandardCharsets.UTF_8));
                iterator.next();
            }
            require(!iterator.isValid(), where + " has more than it should");
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new AssertionError(message);
        }
    }

    static LocalFileStore files(CrashFileSystem system, String directory) {
        return new LocalFileStore(system.getPath(directory), path -> handle(system, path));
    }

    private static SyncHandle handle(CrashFileSystem system, Path path) throws IOException {
        FileChannel channel = system.handle(path);
        return new SyncHandle() {
            @Override
            public void sync() throws IOException {
                writeBack();
            }

            @Override
            public void writeBack() throws IOException {
                channel.force(true);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    private static Environment environment() {
        ManualClock clock = new ManualClock();
        return Environment.builder()
                .memoryBytes(1 << 20)
                .clock(clock)
                .executor(new SteppedExecutor(clock))
                .allocator(new HeapSlabs())
                .random(IDS::incrementAndGet)
                .build();
    }

    private static byte[] key(int number) {
        return bytes("key " + (char) ('0' + number / 10) + number % 10);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
