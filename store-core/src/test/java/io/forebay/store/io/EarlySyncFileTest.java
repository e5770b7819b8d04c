package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlySyncFileTest {
    private static final int STEP = 4 << 20;

    @TempDir
    Path directory;

    /** What the handle of the file was asked for: "early" or "sync". */
    private final List<String> asked = new ArrayList<>();
    /** Syncs that no thread does until the test does. */
    private final Queue<Runnable> handedOver = new ArrayDeque<>();

    private Throwable failure;
    /** Called within an early sync. */
    private Runnable meanwhile = () -> {};

    /** A local file whose syncs are noted, and fail if the test says so. */
    private WritableFile local() throws IOException {
        return new LocalFileStore(directory, path -> new SyncHandle() {
                    @Override
                    public void sync() {
                        asked.add("sync");
                    }

                    @Override
                    public void writeBack() throws IOException {
                        asked.add("early");
                        meanwhile.run();
                        if (failure instanceof IOException e) {
                            throw e;
                        } else if (failure instanceof Error e) {
                            throw e;
                        }
                    }

                    @Override
                    public void close() {
                        asked.add("close");
                    }
                })
                .create("file");
    }

    private static ByteBuffer bytes(int length) {
        return ByteBuffer.allocate(length);
    }

    private void runHandedOver() {
        handedOver.forEach(Runnable::run);
        handedOver.clear();
    }

    @Test
    void aSyncStartsWithEachStepThatWasWritten() throws Exception {
        try (WritableFile file = new EarlySyncFile(local(), handedOver::add)) {
            file.append(bytes(STEP - 1));
            assertThat(handedOver).isEmpty();
            file.append(bytes(1));
            assertThat(handedOver).hasSize(1);
            runHandedOver();
            file.append(bytes(STEP - 1));
            assertThat(handedOver).isEmpty();
            file.append(bytes(STEP + 5));
            runHandedOver();
            assertThat(asked).containsExactly("early", "early");
            assertThat(file.position()).isEqualTo(3L * STEP + 4);
            file.sync();
            assertThat(asked).containsExactly("early", "early", "sync");
        }
        assertThat(Files.size(directory.resolve("file"))).isEqualTo(3L * STEP + 4);
    }

    @Test
    void aStepIsLeftOutWhileTheSyncBeforeItHasNotEnded() throws Exception {
        try (WritableFile file = new EarlySyncFile(local(), handedOver::add)) {
            file.append(bytes(STEP));
            file.append(bytes(STEP));
            assertThat(handedOver).hasSize(1);
        }
    }

    @Test
    void aSyncThatHasNotStartedIsNotWaitedForAndNeverRuns() throws Exception {
        WritableFile file = new EarlySyncFile(local(), handedOver::add);
        file.append(bytes(STEP));
        file.sync();
        runHandedOver();
        file.append(bytes(STEP));
        file.close();
        runHandedOver();
        assertThat(asked).containsExactly("sync", "close");
    }

    @Test
    void aRefusedSyncChangesNothing() throws Exception {
        try (WritableFile file = new EarlySyncFile(local(), sync -> {
            handedOver.add(sync);
            throw new RejectedExecutionException("no");
        })) {
            file.append(bytes(STEP));
            runHandedOver(); // the executor has it all the same
            file.append(bytes(STEP));
            file.sync();
            assertThat(asked).containsExactly("sync");
        }
    }

    @Test
    void aSystemWithoutThreadsChangesNothing() throws Exception {
        try (WritableFile file = new EarlySyncFile(local(), sync -> {
            throw new OutOfMemoryError("unable to create native thread");
        })) {
            file.append(bytes(STEP));
            file.sync();
            assertThat(asked).containsExactly("sync");
        }
    }

    @Test
    void anErrorOfAnEarlySyncFailsTheFileForGood() throws Exception {
        for (Throwable thrown : List.of(new IOException("the device lost it"), new OutOfMemoryError("no heap"))) {
            Files.deleteIfExists(directory.resolve("file"));
            asked.clear();
            failure = thrown;
            try (WritableFile file = new EarlySyncFile(local(), handedOver::add)) {
                file.append(bytes(STEP));
                runHandedOver();
                file.append(bytes(STEP));
                assertThat(handedOver).as("nothing more is synced early").isEmpty();
                for (int i = 0; i < 2; i++) {
                    assertThatThrownBy(file::sync)
                            .isInstanceOf(IOException.class)
                            .hasStackTraceContaining(thrown.getMessage());
                }
                assertThat(asked).containsExactly("early");
            }
        }
    }

    @Test
    void theFileWaitsForASyncThatRuns() throws Exception {
        for (boolean close : new boolean[] {false, true}) {
            Files.deleteIfExists(directory.resolve("file"));
            asked.clear();
            CountDownLatch started = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            meanwhile = () -> {
                started.countDown();
                await(go);
            };
            WritableFile file = new EarlySyncFile(local(), sync -> new Thread(sync).start());
            file.append(bytes(STEP));
            started.await();
            Thread writer = new Thread(() -> assertThatCode(() -> {
                        if (close) {
                            file.close();
                        } else {
                            file.sync();
                        }
                    })
                    .doesNotThrowAnyException());
            writer.start();
            writer.interrupt(); // changes nothing
            while (writer.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            assertThat(asked).containsExactly("early");
            go.countDown();
            writer.join();
            file.close();
            assertThat(asked)
                    .containsExactlyElementsOf(close ? List.of("early", "close") : List.of("early", "sync", "close"));
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
