package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.HandleCountingFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class OpenFilesTest {
    private final HandleCountingFileStore.Counts counts = new HandleCountingFileStore.Counts();
    private final FileStore files = new HandleCountingFileStore(new MemoryFileStore(), counts);

    @Test
    void noMoreThanTheLimitStayOpen() throws IOException {
        OpenFiles open = new OpenFiles(3, MappedFiles.none());
        List<PooledFile> pooled = make(10, open);
        assertThat(counts.opens()).isZero();
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < pooled.size(); i++) {
                assertThat(first(pooled.get(i))).isEqualTo(i);
                assertThat(open.count()).isEqualTo(counts.open()).isLessThanOrEqualTo(3);
            }
        }
        assertThat(counts.most()).isEqualTo(3);
        assertThat(open.opens()).isEqualTo(counts.opens());
        for (PooledFile file : pooled) {
            file.close();
            file.close();
        }
        assertThat(counts.open()).isZero();
        assertThat(open.count()).isZero();
        assertThatThrownBy(() -> first(pooled.get(0)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("file0")
                .hasMessageContaining("closed");
    }

    @Test
    void aFileThatIsReadAgainAndAgainStaysOpen() throws IOException {
        OpenFiles open = new OpenFiles(3, MappedFiles.none());
        List<PooledFile> pooled = make(10, open);
        first(pooled.get(0));
        // one that is new counts as unused
        for (int i = 1; i < 10; i++) {
            first(pooled.get(0));
            first(pooled.get(i));
        }
        assertThat(counts.opens()).isEqualTo(10);
    }

    @Test
    void aFileThatCannotBeOpenedTakesNoPlace() throws IOException {
        OpenFiles open = new OpenFiles(1, MappedFiles.none());
        PooledFile missing = open.file(files, "missing");
        PooledFile there = make(1, open).get(0);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> first(missing))
                    .isInstanceOf(CorruptionException.class)
                    .hasCauseInstanceOf(NoSuchFileException.class);
            assertThat(open.count()).isZero();
            assertThat(first(there)).isZero();
            assertThat(open.count()).isEqualTo(1);
        }
        missing.close();
        there.close();
    }

    /** Files are closed under nobody who reads; {@link HandleCountingFileStore} would notice. */
    @Test
    void manyThreadsReadMoreFilesThanMayBeOpen() throws Exception {
        OpenFiles open = new OpenFiles(2, MappedFiles.none());
        List<PooledFile> pooled = make(8, open);
        int threads = 4;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                Random random = new Random(t);
                running.add(executor.submit(() -> {
                    for (int i = 0; i < 20_000; i++) {
                        int file = random.nextInt(pooled.size());
                        assertThat(first(pooled.get(file))).isEqualTo(file);
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        } finally {
            executor.shutdownNow();
        }
        assertThat(counts.most()).isLessThanOrEqualTo(2 + threads);
        assertThat(open.count()).isEqualTo(counts.open());
        for (PooledFile file : pooled) {
            file.close();
        }
        assertThat(counts.open()).isZero();
        assertThat(open.count()).isZero();
    }

    /** Whoever reads is not disturbed, and is the one who closes the file. */
    @Test
    void aFileThatIsClosedUnderAReadIsClosedAtItsEnd() throws Exception {
        OpenFiles open = new OpenFiles(2, MappedFiles.none());
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        make(1, open);
        PooledFile file = open.file(
                new ForwardingFileStore(files) {
                    @Override
                    public ReadableFile open(String name) throws IOException {
                        return new Reader(super.open(name)) {
                            @Override
                            public void read(long position, ByteBuffer into) throws IOException {
                                reading.countDown();
                                try {
                                    go.await();
                                } catch (InterruptedException e) {
                                    throw new IOException(e);
                                }
                                super.read(position, into);
                            }
                        };
                    }
                },
                "file0");
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> read = executor.submit(() -> first(file));
            reading.await();
            file.close();
            assertThat(counts.open()).isEqualTo(1);
            assertThat(open.count()).isEqualTo(1);
            assertThatThrownBy(() -> first(file)).isInstanceOf(IOException.class);
            go.countDown();
            assertThat(read.get()).isZero();
            assertThat(counts.open()).isZero();
            assertThat(open.count()).isZero();
        } finally {
            go.countDown();
            executor.shutdown();
        }
    }

    private List<PooledFile> make(int count, OpenFiles open) throws IOException {
        List<PooledFile> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String name = "file" + i;
            try (WritableFile file = files.create(name)) {
                file.append(ByteBuffer.wrap(new byte[] {(byte) i}));
                file.sync();
            }
            made.add(open.file(files, name));
        }
        return made;
    }

    private static int first(PooledFile file) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(1);
        file.read(0, into);
        return into.get(0);
    }
}
