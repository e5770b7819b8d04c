package io.forebay.store.tools;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyProvider;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.TestKeys;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        out.reset();
        err.reset();
        return Verify.run(args, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    @BeforeEach
    void twoStores() {
        make("a", null);
        make("tasks/b", null);
    }

    private void make(String name, KeyProvider keys) {
        StoreOptions options = StoreOptions.builder().encryption(keys).build();
        try (Environment environment = Environment.builder().build();
                Store store = environment.open(
                        FileStores.local(directory.resolve(name).toFile()), options)) {
            store.put(name.getBytes(UTF_8), name.getBytes(UTF_8));
            store.commitDurably(new byte[0]);
        }
    }

    private void damage(String store) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(store))) {
            Path file = files.filter(path -> path.toString().endsWith(".sst"))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = Files.readAllBytes(file);
            bytes[5] ^= 1;
            Files.write(file, bytes);
        }
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }

    @Test
    void oneStore() throws IOException {
        assertThat(run(path("a"))).isEqualTo(0);
        assertThat(out.toString(UTF_8)).contains(path("a") + ": clean, 2 files");
        assertThat(err.size()).isZero();
        damage("a");
        assertThat(run(path("a"))).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("1 of 2 files damaged", ".sst at offset 0: expected checksum");
    }

    @Test
    void nothingIsDeletedOrWritten() throws IOException {
        Path left = directory.resolve("a").resolve("x.sst-17-1.forebay.tmp");
        Path foreign = directory.resolve("a").resolve("report-2026-11.tmp");
        Files.writeString(left, "half");
        Files.writeString(foreign, "of somebody");
        List<String> before = names("a");
        assertThat(run(path("a"))).isEqualTo(0);
        assertThat(names("a")).isEqualTo(before);
        make("a", null);
        assertThat(left).doesNotExist();
        assertThat(foreign).exists();
    }

    private List<String> names(String store) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(store))) {
            return files.map(Path::toString).sorted().toList();
        }
    }

    @Test
    void allStoresBelow() throws IOException {
        assertThat(run(directory.toString(), "--all")).isEqualTo(0);
        assertThat(out.toString(UTF_8)).contains(path("a") + ": clean", path("tasks/b") + ": clean");
        damage("tasks/b");
        assertThat(run("--all", directory.toString())).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains(path("a") + ": clean", path("tasks/b") + ": 1 of 2 files damaged");
    }

    @Test
    void whatCannotBeVerified() throws IOException {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString(UTF_8)).startsWith("usage");
        assertThat(run("a", "b")).isEqualTo(2);
        assertThat(run("--wrong", "a")).isEqualTo(2);
        assertThat(run(path("none"))).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains("no store");
        assertThat(new File(path("none"))).doesNotExist();
        assertThat(run(path("none"), "--all")).isEqualTo(2);
        make("secret", TestKeys.provider("k"));
        assertThat(run(path("secret"))).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains("encrypted", "Environment.verify");
        try (Environment environment = Environment.builder().build();
                Store store = environment.open(FileStores.local(new File(path("a"))), StoreOptions.defaults())) {
            assertThat(store.durablePayload()).isEmpty();
            assertThat(run(path("a"))).isEqualTo(2);
            assertThat(err.toString(UTF_8)).contains("in use");
        }
    }

    private void backup(String name) {
        try (Environment environment = Environment.builder().build();
                Store store = environment.open(FileStores.local(new File(path("a"))), StoreOptions.defaults());
                Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            checkpoint.completion().join();
            checkpoint.writeTo(FileStores.local(new File(path(name))));
        }
    }

    private void rocksDb(String name) throws IOException {
        Path place = Files.createDirectories(directory.resolve(name));
        for (String file : List.of("CURRENT", "IDENTITY", "LOG", "MANIFEST-000005", "OPTIONS-000007", "000008.sst")) {
            Files.writeString(place.resolve(file), "of RocksDB");
        }
        Files.createFile(place.resolve("LOCK"));
    }

    @Test
    void backupsAreVerifiedAsSuch() throws IOException {
        backup("backup");
        assertThat(run(path("backup"))).isEqualTo(0);
        assertThat(out.toString(UTF_8)).contains(path("backup") + ": clean, 2 files", "This is a backup");
        assertThat(new File(path("backup"), "LOCK")).doesNotExist();
        assertThat(run(directory.toString(), "--all")).isEqualTo(0);
        assertThat(out.toString(UTF_8)).contains(path("backup") + ": clean", path("a") + ": clean");
        damage("backup");
        assertThat(run(path("backup"))).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("1 of 2 files damaged", ".sst at offset 0: expected checksum");
        File table = new File(path("backup")).listFiles((where, file) -> file.endsWith(".sst"))[0];
        assertThat(table.delete()).isTrue();
        assertThat(run(path("backup"))).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("expected a file that the metadata names, found no such file");
        Path metadata = directory.resolve("backup").resolve("CHECKPOINT");
        byte[] bytes = Files.readAllBytes(metadata);
        bytes[20] ^= 1;
        Files.write(metadata, bytes);
        assertThat(run(path("backup"))).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("CHECKPOINT at offset");
    }

    @Test
    void neighboursOfRocksDbAreNamedAndHideNothing() throws IOException {
        rocksDb("rocks");
        assertThat(run(directory.toString(), "--all")).isEqualTo(0);
        assertThat(out.toString(UTF_8)).contains(path("rocks") + ": a database of RocksDB, left out");
        damage("a");
        assertThat(run(directory.toString(), "--all")).isEqualTo(1);
        make("secret", TestKeys.provider("k"));
        assertThat(run(directory.toString(), "--all")).as("damage counts more").isEqualTo(1);
        assertThat(err.toString(UTF_8)).contains("encrypted");
        assertThat(run(path("rocks"))).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains("no store in " + path("rocks"), "RocksDB");
        assertThat(run(path("rocks"), "--all")).isEqualTo(2);
        assertThat(new File(path("rocks"), "LOCK")).isEmpty();
    }

    @Test
    void aStoreThatLostItsManifestIsFound() throws IOException {
        File manifest = new File(path("a")).listFiles((where, file) -> file.startsWith("MANIFEST"))[0];
        assertThat(manifest.delete()).isTrue();
        assertThat(run(directory.toString(), "--all")).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("a manifest beside SSTs", path("tasks/b") + ": clean");
    }

    @Test
    void linksThatLeadAroundAreNotFollowed() throws IOException {
        Files.createSymbolicLink(directory.resolve("tasks").resolve("up"), directory);
        assertThat(run(directory.toString(), "--all")).isEqualTo(0);
        assertThat(out.toString(UTF_8).lines().filter(line -> line.contains(": clean")))
                .hasSize(2);
    }

    @Test
    void anUnknownOptionIsNamed() {
        assertThat(run("-x", "a")).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains("no option -x");
    }

    @Test
    void help() {
        assertThat(run("--help")).isEqualTo(0);
        assertThat(out.toString(UTF_8)).contains("--all", "Exit code");
    }
}
