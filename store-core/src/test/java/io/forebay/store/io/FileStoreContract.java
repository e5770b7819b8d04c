package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.StoreLockedException;
import io.forebay.store.WritableFile;
import io.forebay.store.util.Seeded;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every file store promises. */
@Timeout(300)
abstract class FileStoreContract {
    /** A store whose directory does not exist yet. */
    abstract FileStore newStore() throws IOException;

    @AfterEach
    void clearInterrupt() {
        Thread.interrupted();
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static void write(FileStore store, String name, byte[] content) throws IOException {
        try (WritableFile file = store.create(name)) {
            file.append(ByteBuffer.wrap(content));
        }
    }

    static byte[] read(FileStore store, String name) throws IOException {
        try (ReadableFile file = store.open(name)) {
            ByteBuffer content = ByteBuffer.allocate((int) file.size());
            file.read(0, content);
            return content.array();
        }
    }

    @Test
    void whatIsAppendedIsReadAtPositions() throws IOException {
        FileStore store = newStore();
        try (WritableFile file = store.create("a.sst")) {
            assertThat(file.position()).isZero();
            file.append(ByteBuffer.wrap(ascii("0123456789"), 2, 5));
            assertThat(file.position()).isEqualTo(5);
            file.append(ByteBuffer.allocateDirect(3).put(ascii("abc")).flip());
            file.append(ByteBuffer.allocate(0));
            file.sync();
            assertThat(file.position()).isEqualTo(8);
        }
        store.syncDirectory();
        assertThat(read(store, "a.sst")).isEqualTo(ascii("23456abc"));
        try (ReadableFile file = store.open("a.sst")) {
            assertThat(file.size()).isEqualTo(8);
            ByteBuffer middle = ByteBuffer.allocateDirect(6);
            middle.position(1).limit(4);
            file.read(4, middle);
            assertThat(middle.position()).isEqualTo(4);
            assertThat(middle.get(1)).isEqualTo((byte) '6');
            assertThat(middle.get(3)).isEqualTo((byte) 'b');
            file.read(8, ByteBuffer.allocate(0));
        }
    }

    @Test
    void appendTakesAllBytes() throws IOException {
        FileStore store = newStore();
        ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
        new Random(1).nextBytes(bytes.array());
        try (WritableFile file = store.create("large")) {
            file.append(bytes);
            assertThat(bytes.hasRemaining()).isFalse();
        }
        assertThat(read(store, "large")).isEqualTo(bytes.array());
    }

    @Test
    void readingPastTheEndIsAnEofException() throws IOException {
        FileStore store = newStore();
        write(store, "a", ascii("1234"));
        try (ReadableFile file = store.open("a")) {
            assertThatThrownBy(() -> file.read(2, ByteBuffer.allocate(3)))
                    .isInstanceOf(EOFException.class)
                    .hasMessageContaining("a")
                    .hasMessageContaining("4");
            assertThatThrownBy(() -> file.read(5, ByteBuffer.allocate(1))).isInstanceOf(EOFException.class);
            assertThatThrownBy(() -> file.read(1L << 40, ByteBuffer.allocate(1)))
                    .isInstanceOf(EOFException.class);
        }
    }

    @Test
    void aTakenNameIsRefused() throws IOException {
        FileStore store = newStore();
        write(store, "a", ascii("first"));
        assertThatThrownBy(() -> store.create("a")).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(store.putIfAbsent("a", ascii("second"))).isFalse();
        assertThat(read(store, "a")).isEqualTo(ascii("first"));
    }

    @Test
    void putIfAbsentStoresTheWholeOnce() throws IOException {
        FileStore store = newStore();
        assertThat(store.putIfAbsent("object", ascii("content"))).isTrue();
        assertThat(store.putIfAbsent("object", ascii("other"))).isFalse();
        assertThat(store.putIfAbsent("empty", new byte[0])).isTrue();
        assertThat(read(store, "object")).isEqualTo(ascii("content"));
        assertThat(read(store, "empty")).isEmpty();
        assertThat(store.list()).containsExactly("empty", "object");
    }

    @Test
    void oneOfManyPutsWins() throws Exception {
        FileStore store = newStore();
        AtomicInteger winners = new AtomicInteger();
        AtomicReference<byte[]> winner = new AtomicReference<>();
        inThreads(4, number -> {
            byte[] mine = ascii("thread " + number);
            if (store.putIfAbsent("leader", mine)) {
                winners.incrementAndGet();
                winner.set(mine);
            }
        });
        assertThat(winners).hasValue(1);
        assertThat(read(store, "leader")).isEqualTo(winner.get());
        assertThat(store.list()).containsExactly("leader");
    }

    @Test
    void missingFiles() throws IOException {
        FileStore store = newStore();
        assertThat(store.list()).isEmpty();
        assertThat(store.exists("a")).isFalse();
        assertThatThrownBy(() -> store.open("a")).isInstanceOf(NoSuchFileException.class);
        store.delete("a");
        write(store, "b", new byte[0]);
        assertThatThrownBy(() -> store.open("a")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> newStore().linkFrom(store, "a")).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void listIsSortedAndKnowsDeletes() throws IOException {
        FileStore store = newStore();
        for (String name : List.of("b", "MANIFEST-01", "a.sst", "a")) {
            write(store, name, ascii(name));
        }
        assertThat(store.list()).containsExactly("MANIFEST-01", "a", "a.sst", "b");
        store.delete("a");
        store.delete("a");
        store.syncDirectory();
        assertThat(store.list()).containsExactly("MANIFEST-01", "a.sst", "b");
        assertThat(store.exists("a")).isFalse();
        assertThat(store.exists("b")).isTrue();
        write(store, "a", ascii("again"));
        assertThat(read(store, "a")).isEqualTo(ascii("again"));
    }

    @Test
    void aDeletedFileStaysReadableForThoseWhoHaveItOpen() throws IOException {
        FileStore store = newStore();
        write(store, "a", ascii("still here"));
        try (ReadableFile file = store.open("a")) {
            store.delete("a");
            ByteBuffer content = ByteBuffer.allocate(10);
            file.read(0, content);
            assertThat(content.array()).isEqualTo(ascii("still here"));
        }
    }

    @Test
    void namesThatAreNoPlainFileNamesAreRefused() throws IOException {
        FileStore store = newStore();
        for (String name :
                List.of("", ".", "..", "../a", "a/b", "a\\b", ".hidden", "LOCK", "a.tmp", "ü", "a b", "a\0")) {
            assertThatThrownBy(() -> store.create(name)).as(name).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.open(name)).as(name).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.delete(name)).as(name).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.exists(name)).as(name).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.putIfAbsent(name, new byte[1]))
                    .as(name)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void closedFilesRefuseWork() throws IOException {
        FileStore store = newStore();
        WritableFile written = store.create("a");
        written.append(ByteBuffer.wrap(ascii("x")));
        written.close();
        written.close();
        assertThat(written.position()).isEqualTo(1);
        assertThatThrownBy(() -> written.append(ByteBuffer.allocate(1))).isInstanceOf(IOException.class);
        assertThatThrownBy(written::sync).isInstanceOf(IOException.class);
        ReadableFile read = store.open("a");
        read.close();
        read.close();
        assertThatThrownBy(() -> read.read(0, ByteBuffer.allocate(1)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void linkSharesAFile() throws IOException {
        FileStore from = newStore();
        FileStore to = newStore();
        write(from, "a.sst", ascii("shared"));
        to.linkFrom(from, "a.sst");
        to.syncDirectory();
        assertThat(read(to, "a.sst")).isEqualTo(ascii("shared"));
        from.delete("a.sst");
        assertThat(read(to, "a.sst")).isEqualTo(ascii("shared"));
        assertThat(from.exists("a.sst")).isFalse();
    }

    @Test
    void linkRefusesATakenName() throws IOException {
        FileStore from = newStore();
        FileStore to = newStore();
        write(from, "a", ascii("new"));
        write(to, "a", ascii("old"));
        assertThatThrownBy(() -> to.linkFrom(from, "a")).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(read(to, "a")).isEqualTo(ascii("old"));
        assertThat(to.list()).containsExactly("a");
    }

    @Test
    void oneOwnerAtATime() throws Exception {
        FileStore store = newStore();
        AutoCloseable lock = store.lock();
        assertThatThrownBy(store::lock).isInstanceOf(StoreLockedException.class).hasMessageContaining(store.describe());
        assertThat(store.list()).isEmpty();
        write(store, "a", ascii("works under the lock"));
        lock.close();
        lock.close();
        AutoCloseable next = store.lock();
        // The first owner's handle has no power any more.
        lock.close();
        assertThatThrownBy(store::lock).isInstanceOf(StoreLockedException.class);
        next.close();
        assertThat(store.list()).containsExactly("a");
    }

    @Test
    void aPendingInterruptNeitherFailsAnOperationNorIsLost() throws Exception {
        FileStore store = newStore();
        FileStore other = newStore();
        Thread me = Thread.currentThread();
        me.interrupt();
        AutoCloseable lock = store.lock();
        assertThat(me.isInterrupted()).isTrue();
        WritableFile written = store.create("a");
        for (int i = 0; i < 10; i++) {
            written.append(ByteBuffer.wrap(ascii("line " + i)));
            assertThat(me.isInterrupted()).isTrue();
            written.sync();
            assertThat(me.isInterrupted()).isTrue();
        }
        written.close();
        assertThat(store.putIfAbsent("b", ascii("b"))).isTrue();
        store.syncDirectory();
        other.linkFrom(store, "a");
        ReadableFile file = other.open("a");
        for (int i = 0; i < 10; i++) {
            ByteBuffer line = ByteBuffer.allocate(6);
            file.read(6 * i, line);
            assertThat(line.array()).isEqualTo(ascii("line " + i));
        }
        file.close();
        lock.close();
        assertThat(me.isInterrupted()).isTrue();
        assertThat(store.list()).containsExactly("a", "b");
    }

    @Test
    void readersOutliveEachOthersInterrupts() throws Exception {
        FileStore store = newStore();
        byte[] content = new byte[256 << 10];
        new Random(7).nextBytes(content);
        write(store, "a", content);
        AtomicInteger noticed = new AtomicInteger();
        try (ReadableFile file = store.open("a")) {
            List<Thread> readers = new ArrayList<>();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            for (int t = 0; t < 3; t++) {
                Random random = new Random(t);
                Thread reader = new Thread(() -> {
                    try {
                        ByteBuffer into = ByteBuffer.allocateDirect(64 << 10);
                        for (int i = 0; i < 4_000; i++) {
                            if (random.nextInt(20) == 0) {
                                Thread.currentThread().interrupt();
                            }
                            int from = random.nextInt(content.length - 100);
                            into.clear().limit(1 + random.nextInt(Math.min(into.capacity(), content.length - from)));
                            file.read(from, into);
                            into.flip();
                            assertThat(into.mismatch(ByteBuffer.wrap(content, from, into.limit())))
                                    .isEqualTo(-1);
                            if (Thread.interrupted()) {
                                noticed.incrementAndGet();
                            }
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
                readers.add(reader);
                reader.start();
            }
            // The readers interrupt themselves often enough whatever the scheduler does; these come in the middle of a
            // read.
            Random random = new Random(99);
            while (readers.stream().anyMatch(Thread::isAlive)) {
                readers.get(random.nextInt(readers.size())).interrupt();
                Thread.yield();
            }
            assertThat(failure.get()).isNull();
            assertThat(noticed.get()).isGreaterThan(300);
        }
    }

    @Test
    void aWriterOutlivesInterrupts() throws Exception {
        FileStore store = newStore();
        byte[] content = new byte[1 << 20];
        new Random(8).nextBytes(content);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicInteger noticed = new AtomicInteger();
        Thread writer = new Thread(() -> {
            try (WritableFile file = store.create("a")) {
                Random random = new Random(5);
                for (int at = 0; at < content.length; ) {
                    int count = Math.min(content.length - at, 1 + random.nextInt(2_000));
                    if (random.nextInt(20) == 0) {
                        Thread.currentThread().interrupt();
                    }
                    file.append(ByteBuffer.wrap(content, at, count));
                    at += count;
                    if (random.nextInt(50) == 0) {
                        file.sync();
                    }
                    if (Thread.interrupted()) {
                        noticed.incrementAndGet();
                    }
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        writer.start();
        // The writer interrupts itself often enough whatever the scheduler does; these come in the middle of a write.
        while (writer.isAlive()) {
            writer.interrupt();
            Thread.yield();
        }
        assertThat(failure.get()).isNull();
        assertThat(noticed.get()).isGreaterThan(20);
        assertThat(read(store, "a")).isEqualTo(content);
    }

    @Test
    void randomOperationsAgreeWithAMap() {
        Seeded.run(getClass(), 5, random -> {
            FileStore store = newStore();
            java.util.TreeMap<String, byte[]> model = new java.util.TreeMap<>();
            for (int i = 0; i < 300; i++) {
                String name = "f" + random.nextInt(12);
                byte[] content = new byte[random.nextInt(3_000)];
                random.nextBytes(content);
                switch (random.nextInt(4)) {
                    case 0 -> {
                        if (model.containsKey(name)) {
                            assertThatThrownBy(() -> store.create(name)).isInstanceOf(FileAlreadyExistsException.class);
                        } else {
                            write(store, name, content);
                            model.put(name, content);
                        }
                    }
                    case 1 ->
                        assertThat(store.putIfAbsent(name, content))
                                .isEqualTo(model.putIfAbsent(name, content) == null);
                    case 2 -> {
                        store.delete(name);
                        model.remove(name);
                    }
                    default -> {
                        assertThat(store.exists(name)).isEqualTo(model.containsKey(name));
                        if (model.containsKey(name)) {
                            assertThat(read(store, name)).isEqualTo(model.get(name));
                        }
                    }
                }
                assertThat(store.list()).containsExactlyElementsOf(model.keySet());
            }
        });
    }

    interface Numbered {
        void run(int number) throws Exception;
    }

    static void inThreads(int count, Numbered body) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            Thread thread = new Thread(() -> {
                try {
                    body.run(number);
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }
}
