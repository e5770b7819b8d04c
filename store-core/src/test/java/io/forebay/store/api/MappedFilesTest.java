package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.EntryBatch;
import io.forebay.store.Environment;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.io.MappableFiles;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.SteppedExecutor;
import io.forebay.store.testing.TestKeys;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are read where they lie. On a JDK that cannot unmap files, those of {@link CrashFileStore} stand for local ones. */
@Tag("smoke")
class MappedFilesTest {
    private static final int ROWS = 2000;
    private static final int WRITTEN = 2; // too few for a compaction, which reads
    private static final byte[] NONE = {};
    private static final long A_MINUTE = 60_000_000_000L;

    @TempDir
    private File directory;

    private static byte[] key(int i) {
        return String.format("key-%06d", i).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] value(int i, int round) {
        return ("value " + i + " of round " + round + " ").repeat(16).getBytes(StandardCharsets.UTF_8);
    }

    private static void fill(Store store, int round) {
        for (int i = 0; i < ROWS; i++) {
            store.put(key(i), value(i, round));
        }
        store.commitDurably(NONE);
    }

    private static void check(Store store, int round) {
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            int i = 0;
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                assertThat(iterator.key()).isEqualTo(key(i));
                assertThat(iterator.value()).isEqualTo(value(i++, round));
            }
            assertThat(i).isEqualTo(ROWS);
        }
        for (int i = 0; i < ROWS; i += 7) {
            assertThat(store.get(key(i))).isEqualTo(value(i, round));
        }
    }

    /** What an environment has mapped when a store with these options has been read, in a directory of its own. */
    private EnvironmentStatistics afterReading(String name, Environment.Builder builder, StoreOptions options) {
        try (Environment environment = builder.memoryBytes(16 << 20).build();
                Store store = environment.open(FileStores.local(new File(directory, name)), options)) {
            fill(store, 0);
            store.compact();
            check(store, 0);
            EnvironmentStatistics read = environment.statistics();
            if (read.mappedFiles() > 0) {
                assertThat(read.mappedFiles()).isEqualTo(store.statistics().liveFiles());
                assertThat(read.mappedBytes()).isEqualTo(store.statistics().liveFileBytes());
            }
            store.close();
            assertThat(environment.statistics().mappedFiles()).isZero();
            assertThat(environment.statistics().mappedBytes()).isZero();
            return read;
        }
    }

    @Test
    void localFilesAreMappedWhereThatIsPossible() {
        EnvironmentStatistics read = afterReading("plain", Environment.builder(), StoreOptions.defaults());
        assertThat(read.mappedFiles() > 0).isEqualTo(MappedFiles.isPossible());
        assertThat(MappedFiles.isPossible()).isEqualTo(Runtime.version().feature() >= 22 && File.separatorChar == '/');
    }

    @Test
    void theOptionTurnsItOff() {
        assertThat(afterReading("off", Environment.builder().mapFiles(false), StoreOptions.defaults())
                        .mappedFiles())
                .isZero();
    }

    @Test
    void compressedAndEncryptedFilesAreNotMapped() {
        StoreOptions compressed = StoreOptions.builder()
                .compression(Compression.LZ4)
                .bottomCompression(Compression.LZ4)
                .build();
        StoreOptions encrypted =
                StoreOptions.builder().encryption(TestKeys.provider("k")).build();
        assertThat(afterReading("lz4", Environment.builder(), compressed).mappedFiles())
                .isZero();
        assertThat(afterReading("encrypted", Environment.builder(), encrypted).mappedFiles())
                .isZero();
    }

    @Test
    void filesThatAnotherFileStoreReadsAreNotMapped() {
        ForwardingFileStore others = new ForwardingFileStore(FileStores.local(directory)) {
            @Override
            public ReadableFile open(String name) throws IOException {
                return new Reader(super.open(name)) {};
            }
        };
        try (Environment environment = Environment.builder().build();
                Store store = environment.open(others, StoreOptions.defaults())) {
            fill(store, 0);
            store.compact();
            check(store, 0);
            assertThat(environment.statistics().mappedFiles()).isZero();
        }
    }

    /** How many files a store opens that writes some and reads none. */
    private static long opensOfAWriter(FileStore files, boolean mapFiles) {
        try (Environment environment = Environment.builder()
                        .memoryBytes(16 << 20)
                        .mapFiles(mapFiles)
                        .build();
                Store store = environment.open(files, StoreOptions.defaults())) {
            for (int i = 0; i < WRITTEN; i++) {
                store.put(key(i), value(i, 0));
                store.flush();
            }
            return environment.statistics().fileOpens();
        }
    }

    @Test
    void whatWasWrittenIsOpenedOnlyToBeMapped() throws IOException {
        assertThat(opensOfAWriter(new CrashFileStore().mappable(), true)).isGreaterThanOrEqualTo(WRITTEN);
        assertThat(opensOfAWriter(new CrashFileStore().mappable(), false)).isZero();
        assertThat(opensOfAWriter(new CrashFileStore(), true)).isZero();
        assertThat(opensOfAWriter(new ForwardingFileStore(new CrashFileStore().mappable()) {}, true))
                .as("not known before one was opened")
                .isZero();
        assertThat(opensOfAWriter(FileStores.local(directory), true) > 0).isEqualTo(MappedFiles.isPossible());
    }

    @Test
    void aFileStoreThatHandsOnMappableFilesIsKnownOnceOneWasOpened() {
        CrashFileStore files = new CrashFileStore().mappable();
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = reopened(stepped.environment, new ForwardingFileStore(files) {})) {
            assertThat(store.get(key(0))).isEqualTo(value(0, 0));
            assertThat(files.mappings()).isOne();
            fill(store, 1);
            store.flush();
            assertThat(files.mappings()).isEqualTo(2);
        }
        assertThat(files.mappings()).isZero();
    }

    /** A file store whose files can be mapped, and that does not open them to be read. */
    private static final class Refusing extends ForwardingFileStore implements MappableFiles {
        private final Exception failure;
        private boolean refuses = true;
        private int refused;

        Refusing(Exception failure) {
            super(new CrashFileStore().mappable());
            this.failure = failure;
        }

        @Override
        public boolean areMappable() {
            return true;
        }

        @Override
        public ReadableFile open(String name) throws IOException {
            if (!refuses || !name.endsWith(".sst")) {
                return super.open(name);
            }
            refused++;
            if (failure instanceof IOException e) {
                throw e;
            }
            throw (RuntimeException) failure;
        }
    }

    @Test
    void aFileThatCannotBeOpenedToBeMappedIsWrittenAllTheSame() {
        for (Exception failure : List.of(
                new NoSuchFileException("not yet"),
                new IOException("not now"),
                new IllegalStateException("not at all"))) {
            Refusing files = new Refusing(failure);
            try (SteppedEnvironment stepped = new SteppedEnvironment();
                    Store store = stepped.open(files)) {
                store.put(key(1), value(1, 0));
                store.flush();
                assertThat(files.refused).isOne();
                store.put(key(2), value(2, 0));
                store.flush();
                assertThat(files.refused).isEqualTo(2);
                assertThat(store.statistics().readOnlyCause()).isNull();
                files.refuses = false;
                assertThat(store.get(key(1))).isEqualTo(value(1, 0));
                assertThat(store.get(key(2))).isEqualTo(value(2, 0));
            }
        }
    }

    /** Every shape of entry and every kind of move, on local files of this JDK. */
    @Test
    void answersAreThoseOfAModel() {
        Seeds.run(MappedFilesTest.class, 5, seed -> {
            Random random = new Random(seed);
            StoreOptions options = StoreOptions.builder()
                    .memtableBytes(64 << 10)
                    .blockBytes(random.nextBoolean() ? 512 : 4096)
                    .targetFileBytes(64 << 10)
                    .build();
            Model model = new Model();
            RandomKeys keys = new RandomKeys(random);
            try (Environment environment =
                            Environment.builder().memoryBytes(8 << 20).build();
                    Store store =
                            environment.open(FileStores.local(new File(directory, Long.toString(seed))), options)) {
                for (int round = 0; round < 6; round++) {
                    for (int i = 0; i < 400; i++) {
                        byte[] key = keys.key();
                        if (random.nextInt(8) == 0) {
                            store.delete(key);
                            model.delete(key);
                        } else {
                            byte[] value =
                                    new byte[random.nextInt(50) == 0 ? random.nextInt(200_000) : random.nextInt(300)];
                            random.nextBytes(value);
                            store.put(key, value);
                            model.put(key, value);
                        }
                    }
                    store.commitDurably(NONE);
                    if (round == 3) {
                        store.compact();
                    }
                    model.assertSame(store, KeyRange.all(), "round " + round);
                }
                assertThat(environment.statistics().mappedFiles() > 0).isEqualTo(MappedFiles.isPossible());
            }
        });
    }

    /** Rows of round 0, of which no block is in the cache. */
    private static Store reopened(Environment environment, FileStore files) {
        try (Store store = environment.open(files, StoreOptions.defaults())) {
            fill(store, 0);
        }
        return environment.open(files, StoreOptions.defaults());
    }

    @Test
    void aBlockIsReadAndVerifiedOnce() {
        CrashFileStore files = new CrashFileStore().mappable();
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = reopened(stepped.environment, files)) {
            check(store, 0);
            long misses = store.statistics().blockCacheMisses();
            assertThat(misses).isPositive();
            check(store, 0);
            assertThat(store.statistics().blockCacheMisses()).isEqualTo(misses);
        }
    }

    @Test
    void aDamagedBlockIsNoticed() throws IOException {
        CrashFileStore files = new CrashFileStore().mappable();
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = reopened(stepped.environment, files)) {
            String sst = sst(files);
            assertThat(store.get(key(ROWS - 1))).isEqualTo(value(ROWS - 1, 0));
            assertThat(files.mappings()).isOne();
            files.damage(sst, 100);
            assertThatThrownBy(() -> store.get(key(0)))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(sst);
            assertThatThrownBy(() -> {
                        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                            iterator.seekToFirst();
                        }
                    })
                    .isInstanceOf(CorruptionException.class);
            assertThat(store.get(key(ROWS - 1))).isEqualTo(value(ROWS - 1, 0));
        }
    }

    @Test
    void aDamagedBlockHidesNoneBeforeIt() throws IOException {
        int[] shown = new int[4];
        for (int i = 0; i < shown.length; i++) {
            CrashFileStore files = new CrashFileStore();
            if (i < 2) {
                files.mappable();
            }
            try (SteppedEnvironment stepped = new SteppedEnvironment();
                    Store store = reopened(stepped.environment, files)) {
                String sst = sst(files);
                files.damage(sst, files.size(sst) / 2);
                try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                    shown[i] = shownUntilDamage(iterator, i % 2 == 0, sst);
                }
                assertThat(files.mappings() > 0).isEqualTo(i < 2);
            }
        }
        assertThat(shown[0]).isBetween(ROWS / 4, ROWS * 3 / 4).isEqualTo(shown[2]);
        assertThat(shown[1]).isBetween(ROWS / 4, ROWS * 3 / 4).isEqualTo(shown[3]);
    }

    private static int shownUntilDamage(StoreIterator iterator, boolean forward, String sst) {
        int[] shown = {0};
        assertThatThrownBy(() -> {
                    if (forward) {
                        iterator.seekToFirst();
                    } else {
                        iterator.seekToLast();
                    }
                    while (iterator.isValid()) {
                        shown[0]++;
                        if (forward) {
                            iterator.next();
                        } else {
                            iterator.prev();
                        }
                    }
                })
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(sst);
        return shown[0];
    }

    /** The name of the only SST. */
    private static String sst(FileStore files) throws IOException {
        List<String> names =
                files.list().stream().filter(name -> name.endsWith(".sst")).toList();
        assertThat(names).hasSize(1);
        return names.get(0);
    }

    @Test
    void aFileStaysMappedUntilItsLastReaderIsGone() {
        CrashFileStore files = new CrashFileStore().mappable();
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = stepped.open(files)) {
            fill(store, 0);
            try (StoreIterator before = store.iterator(KeyRange.all())) {
                before.seek(key(ROWS / 2));
                fill(store, 1);
                store.compact();
                stepped.executor.drain();
                check(store, 1);
                assertThat(files.mappings()).isEqualTo(2);
                for (int i = ROWS / 2; i < ROWS; i++) {
                    assertThat(before.value()).isEqualTo(value(i, 0));
                    before.next();
                }
                assertThat(before.isValid()).isFalse();
            }
            assertThat(files.mappings()).as("unmapped in the background").isEqualTo(2);
            stepped.executor.drain();
            assertThat(files.mappings()).isOne();
            check(store, 1);
        }
        assertThat(files.mappings()).isZero();
    }

    @Test
    void aCloseUnmapsWhatTheBackgroundHasNotComeTo() {
        CrashFileStore files = new CrashFileStore().mappable();
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = stepped.open(files)) {
            fill(store, 0);
            check(store, 0);
            fill(store, 1);
            store.compact();
            assertThat(files.mappings()).isPositive();
            store.close();
            assertThat(files.mappings()).isZero();
        }
    }

    @Test
    void anExecutorThatRefusesToUnmapKeepsNothingMapped() {
        CrashFileStore files = new CrashFileStore().mappable();
        ManualClock clock = new ManualClock();
        BackgroundExecutor refusing = new ForwardingExecutor(new SteppedExecutor(clock)) {
            @Override
            public void execute(Kind kind, Runnable work) {
                if (kind == Kind.CLEANUP) {
                    throw new RejectedExecutionException("no cleanup");
                }
                super.execute(kind, work);
            }
        };
        try (Environment environment =
                        Environment.builder().clock(clock).executor(refusing).build();
                Store store = environment.open(files, StoreOptions.defaults())) {
            fill(store, 0);
            check(store, 0);
            fill(store, 1);
            store.compact();
            assertThat(files.mappings()).isEqualTo(store.statistics().liveFiles());
            check(store, 1);
        }
    }

    @Test
    void anIteratorOfAClosedStoreReadsNothing() {
        CrashFileStore files = new CrashFileStore().mappable();
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = stepped.open(files)) {
            fill(store, 0);
            StoreIterator iterator = store.iterator(KeyRange.all());
            iterator.seekToFirst();
            store.close();
            assertThat(files.mappings()).isZero();
            assertThatThrownBy(iterator::value).isInstanceOf(StoreClosedException.class);
            assertThatThrownBy(iterator::next).isInstanceOf(StoreClosedException.class);
        }
    }

    @Test
    void anInterruptedThreadMapsAsOthersDo() {
        try (Environment environment = Environment.builder().build();
                Store store = environment.open(FileStores.local(directory), StoreOptions.defaults())) {
            fill(store, 0);
            Thread.currentThread().interrupt();
            try {
                assertThat(store.get(key(1))).isEqualTo(value(1, 0));
                assertThat(environment.statistics().mappedFiles() > 0).isEqualTo(MappedFiles.isPossible());
                assertThat(Thread.currentThread().isInterrupted()).isTrue();
            } finally {
                Thread.interrupted();
            }
        }
    }

    /** Somebody truncates a file: reads that are compiled, and in the middle of it, name the file, and the process goes on. */
    @Test
    void aTruncatedFileIsAnErrorThatNamesIt() throws IOException {
        assumeTrue(MappedFiles.isPossible());
        for (int warm : new int[] {0, 1, 30}) {
            File place = new File(directory, "warm" + warm);
            ManualClock clock = new ManualClock();
            try (Environment environment = Environment.builder().clock(clock).build();
                    Store store = reopened(environment, FileStores.local(place))) {
                ValueBuffer into = new ValueBuffer(0);
                for (int i = 0; i < warm; i++) {
                    check(store, 0);
                    getAll(store, into);
                }
                check(store, 0);
                String sst = sst(FileStores.local(place));
                Snapshot snapshot = store.snapshot();
                EntryBatch first = EntryBatch.of(ROWS, 8 << 20);
                for (int i = 0; i < warm; i++) {
                    store.scan(KeyRange.all(), first);
                }
                StoreIterator open = store.iterator(KeyRange.all());
                open.seek(key(ROWS / 2));
                try (RandomAccessFile file = new RandomAccessFile(new File(place, sst), "rw")) {
                    file.setLength(0);
                }
                requireNamed(() -> getAll(store, into), sst);
                requireNamed(() -> store.get(key(7)), sst);
                requireNamed(open::value, sst);
                ValueBuffer before = new ValueBuffer(0);
                before.reset(3)[1] = 7;
                requireNamed(() -> open.value(before), sst);
                assertThat(before.toByteArray()).as("does not change").containsExactly(0, 7, 0);
                EntryBatch batch = EntryBatch.of(ROWS, 8 << 20);
                requireNamed(() -> store.scan(KeyRange.of(key(7), null), batch), sst);
                assertThat(batch.size()).isZero();
                requireNamed(() -> snapshot.scan(KeyRange.of(key(7), null), batch), sst);
                snapshot.close();
                requireNamed(() -> walk(open), sst);
                requireNamed(
                        () -> {
                            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                                iterator.seekToLast();
                            }
                        },
                        sst);
                open.close();
                store.put(key(0), value(0, 1));
                assertThat(store.get(key(0))).isEqualTo(value(0, 1));
            } catch (StoreException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** The error of the JVM in each way to read, also where the files of this JDK are not mapped. */
    @Test
    void anErrorOfMappedMemoryIsOneThatNamesTheFile() throws IOException {
        CrashFileStore files = new CrashFileStore().mappable();
        try (SteppedEnvironment stepped = new SteppedEnvironment(1 << 20);
                Store store = stepped.open(files)) {
            byte[] large = new byte[2000];
            for (int i = 0; i < ROWS; i++) {
                store.put(key(i), large);
            }
            store.compact();
            String sst = ".sst";
            EntryBatch batch = EntryBatch.of(2 * ROWS, 8 << 20);
            try (Snapshot snapshot = store.snapshot();
                    StoreIterator open = store.iterator(KeyRange.all())) {
                store.scan(KeyRange.all(), batch);
                store.scan(KeyRange.all(), batch);
                assertThat(batch.size()).as("more than the cache takes").isEqualTo(ROWS);
                stepped.clock.advance(A_MINUTE);
                files.failMapped();
                requireNamed(() -> store.scan(KeyRange.all(), batch), sst);
                assertThat(batch.size()).isZero();
                requireNamed(() -> snapshot.scan(KeyRange.all(), batch), sst);
                assertThat(batch.size()).isZero();
                requireNamed(
                        () -> {
                            open.seekToFirst();
                            walk(open);
                        },
                        sst);
                requireNamed(() -> getAll(store, new ValueBuffer(0)), sst);
            }
        }
    }

    private static void getAll(Store store, ValueBuffer into) {
        for (int i = 0; i < ROWS; i++) {
            byte[] key = key(i);
            assertThat(store.get(key, 0, key.length, into)).isTrue();
        }
    }

    private static void walk(StoreIterator iterator) {
        while (iterator.isValid()) {
            iterator.next();
        }
    }

    /** Errors of a merge function, while mapped files are read in place. */
    @Test
    void anErrorOfTheMergeFunctionIsThrownAsItIs() {
        InternalError ofTheFunction = new InternalError("of the function");
        MergeFunction failing = new MergeFunction() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> oldestFirst) {
                throw ofTheFunction;
            }
        };
        CrashFileStore files = new CrashFileStore().mappable();
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = stepped.open(files, StoreOptions.builder().mergeFunction(failing))) {
            store.merge(key(1), value(1, 0));
            store.flush();
            store.merge(key(1), value(1, 1));
            assertThatThrownBy(() -> store.get(key(1))).isSameAs(ofTheFunction);
            assertThatThrownBy(() -> store.scan(KeyRange.all(), EntryBatch.of(9, 900)))
                    .isSameAs(ofTheFunction);
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                assertThatThrownBy(iterator::seekToFirst).isSameAs(ofTheFunction);
            }
            assertThat(files.mappings()).isOne();
        }
    }

    private static void requireNamed(ThrowingCallable read, String file) {
        assertThatThrownBy(read)
                .isInstanceOf(StoreIoException.class)
                .hasRootCauseInstanceOf(InternalError.class)
                .cause()
                .hasMessageContaining(file);
    }
}
