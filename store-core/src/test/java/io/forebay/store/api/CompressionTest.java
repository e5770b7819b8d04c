package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.Environment;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compression as the user of a store sees it. */
@Tag("smoke")
class CompressionTest {
    private static final int ROWS = 5000;

    private static StoreOptions with(Compression upper, Compression bottom) {
        return StoreOptions.builder()
                .memtableBytes(64 << 10)
                .targetFileBytes(64 << 10)
                .compression(upper)
                .bottomCompression(bottom)
                .build();
    }

    private static byte[] key(int i) {
        return String.format("key-%08d", i).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] value(int i, int round) {
        return ("a value that repeats, a value that repeats, " + i + " in round " + round)
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void fill(Store store, int round) {
        for (int i = 0; i < ROWS; i++) {
            store.put(key(i), value(i, round));
        }
        store.commitDurably(new byte[0]);
    }

    private static void check(Store store, int round) {
        for (int i = 0; i < ROWS; i += 7) {
            assertThat(store.get(key(i))).isEqualTo(value(i, round));
        }
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            int i = ROWS;
            for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
                i--;
                assertThat(iterator.value()).isEqualTo(value(i, round));
            }
            assertThat(i).isZero();
        }
    }

    private static long bytesOnDisk(Compression compression) {
        CrashFileStore files = new CrashFileStore();
        try (Environment environment =
                        Environment.builder().memoryBytes(8 << 20).build();
                Store store = environment.open(files, with(compression, compression))) {
            fill(store, 1);
            store.compact();
            check(store, 1);
        }
        return files.list().stream()
                .filter(name -> name.endsWith(".sst"))
                .mapToLong(files::size)
                .sum();
    }

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void filesBecomeSmaller(Compression compression) {
        assertThat(bytesOnDisk(compression)).isLessThan(bytesOnDisk(Compression.NONE) / 2);
    }

    @Test
    void aStoreMayBeOpenedWithAnotherCompressionAtAnyTime() {
        CrashFileStore files = new CrashFileStore();
        try (Environment environment =
                Environment.builder().memoryBytes(8 << 20).build()) {
            int round = 0;
            for (Compression upper : Compression.values()) {
                for (Compression bottom : Compression.values()) {
                    try (Store store = environment.open(files, with(upper, bottom))) {
                        if (round > 0) {
                            check(store, round);
                        }
                        fill(store, ++round);
                        check(store, round);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void largeAndSmallValuesSurvive(Compression compression) {
        try (Environment environment =
                        Environment.builder().memoryBytes(32 << 20).build();
                Store store = environment.open(new CrashFileStore(), with(compression, compression))) {
            int[] lengths = {0, 1, 100, 70_000, 1 << 20, 3 << 20};
            for (int i = 0; i < lengths.length; i++) {
                store.put(key(i), new byte[lengths[i]]);
            }
            store.flush();
            store.compact();
            for (int i = 0; i < lengths.length; i++) {
                assertThat(store.get(key(i))).isEqualTo(new byte[lengths[i]]);
            }
        }
    }

    /** Zstandard is optional: without its library everything else works, and asking for it is answered at once. */
    @Test
    void aMissingLibraryIsNamedWhenTheStoreIsOpened() throws Exception {
        List<URL> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("zstd-jni")) {
                path.add(new File(entry).toURI().toURL());
            }
        }
        try (URLClassLoader without =
                new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> user = without.loadClass(WithoutLibrary.class.getName());
            Object answer = user.getMethod("open").invoke(null);
            assertThat(answer)
                    .asString()
                    .contains("Store orders")
                    .contains("ZSTD")
                    .contains("com.github.luben:zstd-jni");
        }
    }

    /** Runs in a class loader that has no Zstandard. */
    public static final class WithoutLibrary {
        private WithoutLibrary() {}

        /** @return the message */
        public static String open() {
            try (Environment environment = Environment.builder().build()) {
                StoreOptions options = StoreOptions.builder()
                        .name("orders")
                        .bottomCompression(Compression.ZSTD)
                        .build();
                CrashFileStore files = new CrashFileStore();
                StoreException refused = null;
                try {
                    environment.open(files, options).close();
                } catch (StoreException e) {
                    refused = e;
                }
                // Nothing is locked or left behind, and what needs no library works.
                try (Store store = environment.open(files, with(Compression.LZ4, Compression.LZ4))) {
                    fill(store, 1);
                    check(store, 1);
                }
                return refused == null ? "not refused" : refused.getMessage();
            }
        }
    }

    /** Their size is that of the file, not of what is in it: else they would be merged into the same small files for ever. */
    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    @Timeout(300)
    void mergingFilesThatCompressWellEnds(Compression compression) {
        StoreOptions options = StoreOptions.builder()
                .memtableBytes(1 << 10)
                .blockBytes(1 << 10)
                .targetFileBytes(4 << 10)
                .compression(compression)
                .bottomCompression(compression)
                .build();
        try (Environment environment =
                        Environment.builder().memoryBytes(8 << 20).build();
                Store store = environment.open(new CrashFileStore(), options)) {
            for (int i = 0; i < 200; i++) {
                store.put(key(i), i % 10 == 9 ? new byte[3500] : value(i, 0));
            }
            store.commitDurably(new byte[0]);
            store.compact();
            assertThat(store.statistics().liveFiles()).isLessThan(10);
            assertThat(store.get(key(109))).isEqualTo(new byte[3500]);
        }
    }

    @Test
    void nullIsNoCompression() {
        assertThatThrownBy(() -> StoreOptions.builder().compression(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> StoreOptions.builder().bottomCompression(null))
                .isInstanceOf(NullPointerException.class);
    }
}
