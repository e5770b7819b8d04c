package io.forebay.store.harness.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A store, what is put among its files, and something outside that nothing of it may touch; the base of the tests. */
abstract class HostileDirectory {
    /** What is put in the place of a file, or under a name that was free. */
    enum Thing {
        LINK_TO_FILE("symbolic link"),
        LINK_TO_NOTHING("symbolic link"),
        LINK_TO_DIRECTORY("symbolic link"),
        LINK_TO_ITSELF("symbolic link"),
        /** Even the true content is refused behind a link. */
        LINK_TO_THE_SAME("symbolic link"),
        FIFO("FIFO"),
        DEVICE("FIFO, socket or device"),
        DIRECTORY("directory");

        final String word;

        Thing(String word) {
            this.word = word;
        }
    }

    @TempDir
    Path root;

    Path outside;
    Path store;
    Map<String, String> before;

    @BeforeEach
    void somethingOutside() throws IOException {
        outside = Files.createDirectory(root.resolve("outside"));
        Files.writeString(outside.resolve("victim"), "precious");
        Files.createDirectory(outside.resolve("folder"));
        Files.writeString(outside.resolve("folder").resolve("letter"), "private");
        store = root.resolve("place").resolve("store");
        before = content(outside);
    }

    static Map<String, String> content(Path directory) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList()) {
                content.put(
                        directory.relativize(file).toString(),
                        (Files.isRegularFile(file) ? Files.readString(file) : "-") + Files.getLastModifiedTime(file));
            }
        }
        return content;
    }

    void put(Thing thing, Path at) throws Exception {
        Files.createDirectories(at.getParent());
        Path same = root.resolve("saved-" + at.getFileName());
        if (Files.exists(at)) {
            Files.move(at, same);
        }
        switch (thing) {
            case LINK_TO_FILE -> Files.createSymbolicLink(at, outside.resolve("victim"));
            case LINK_TO_NOTHING -> Files.createSymbolicLink(at, outside.resolve("nothing"));
            case LINK_TO_DIRECTORY -> Files.createSymbolicLink(at, outside.resolve("folder"));
            case LINK_TO_ITSELF -> Files.createSymbolicLink(at, at.getFileName());
            case LINK_TO_THE_SAME ->
                Files.createSymbolicLink(at, Files.exists(same) ? same : outside.resolve("victim"));
            case FIFO -> run("mkfifo", at.toString());
            case DEVICE -> {
                // only root may make one; others have a FIFO there
                if (tryRun("mknod", at.toString(), "c", "1", "5") != 0) {
                    run("mkfifo", at.toString());
                }
            }
            case DIRECTORY -> {
                Files.createDirectory(at);
                Files.writeString(at.resolve("content"), "of the directory");
            }
        }
    }

    static void run(String... command) throws Exception {
        assertThat(tryRun(command)).as(String.join(" ", command)).isZero();
    }

    static int tryRun(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }

    static StoreOptions options(Durability durability) {
        return StoreOptions.builder().durability(durability).build();
    }

    FileStore files() {
        return FileStores.local(store.toFile());
    }

    /** A store with two SSTs, a manifest, and a log if it has one, closed. */
    void make(Durability durability) {
        try (Environment environment = Environment.builder().build();
                Store made = environment.open(files(), options(durability))) {
            for (int i = 0; i < 2; i++) {
                made.put(("key" + i).getBytes(UTF_8), ("value" + i).getBytes(UTF_8));
                made.commitDurably(("commit" + i).getBytes(UTF_8));
                made.flush();
            }
        }
    }

    static void check(Store opened) {
        for (int i = 0; i < 2; i++) {
            assertThat(opened.get(("key" + i).getBytes(UTF_8))).isEqualTo(("value" + i).getBytes(UTF_8));
        }
        assertThat(opened.durablePayload()).isEqualTo("commit1".getBytes(UTF_8));
    }

    List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(store)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    static String first(List<String> names, String pattern) {
        return names.stream().filter(name -> name.matches(pattern)).findFirst().orElseThrow();
    }

    /** All that a message and its causes say. */
    static String all(Throwable failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable e = failure; e != null; e = e.getCause()) {
            text.append(e.getMessage()).append('\n');
        }
        return text.toString();
    }

    static void delete(Path place) throws IOException {
        if (Files.exists(place)) {
            try (Stream<Path> files = Files.walk(place)) {
                for (Path path :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
