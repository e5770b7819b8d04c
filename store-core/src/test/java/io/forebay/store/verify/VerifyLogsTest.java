package io.forebay.store.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Durability;
import io.forebay.store.ReadableFile;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.VerificationReport;
import io.forebay.store.VerificationReport.VerifiedFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestThreads;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens while a verification reads the write-ahead logs of an open store. */
class VerifyLogsTest {
    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final LogReads files = new LogReads();
    private final Store store = stepped.open(files, StoreOptions.builder().durability(Durability.BUFFERED));
    private int written;

    /** Lets a test act when a log is opened to be read, and counts the reads. */
    private static final class LogReads extends ForwardingFileStore {
        private Runnable onOpen = () -> {};
        private int opened;
        private int reads;

        LogReads() {
            super(new CrashFileStore());
        }

        @Override
        public ReadableFile open(String name) throws IOException {
            ReadableFile file = super.open(name);
            if (!name.startsWith("WAL-")) {
                return file;
            }
            opened++;
            onOpen.run();
            return new Reader(file) {
                @Override
                public void read(long position, ByteBuffer into) throws IOException {
                    reads++;
                    super.read(position, into);
                }
            };
        }
    }

    @AfterEach
    void close() {
        Thread.interrupted();
        stepped.close();
    }

    private void write(int rows) {
        for (int i = 0; i < rows; i++) {
            store.put(("key" + written++).getBytes(UTF_8), new byte[1000]);
        }
    }

    /** Its rows are in files and its logs are gone. */
    private void replaceLogs() {
        write(10);
        store.flush();
        stepped.executor.drain();
    }

    private static boolean hasLogs(VerificationReport report) {
        return report.files().stream().map(VerifiedFile::name).anyMatch(name -> name.startsWith("WAL"));
    }

    @Test
    void logsThatAreReplacedOnceAreReadAgain() {
        write(10);
        files.onOpen = () -> {
            files.onOpen = () -> {};
            TestThreads.onAnother(this::replaceLogs);
        };
        VerificationReport report = store.verify();
        assertThat(report.isClean()).isTrue();
        assertThat(report.remarks()).isEmpty();
        assertThat(hasLogs(report)).isTrue();
    }

    @Test
    void logsThatAreReplacedAllTheTimeAreARemark() {
        write(10);
        files.onOpen = () -> TestThreads.onAnother(this::replaceLogs);
        VerificationReport report = store.verify();
        assertThat(report.findings()).isEmpty();
        assertThat(report.complete()).isTrue();
        assertThat(hasLogs(report)).isFalse();
        assertThat(report.remarks()).singleElement().asString().contains("write-ahead logs", "10 times");
        files.onOpen = () -> {};
        assertThat(hasLogs(store.verify())).isTrue();
    }

    /** It takes a sequence number that is in no log. */
    @Test
    void anIngestBesideTheReadingIsNoDamage() {
        files.onOpen = () -> {
            files.onOpen = () -> {};
            TestThreads.onAnother(() -> {
                try (SortedIngest ingest = store.ingest()) {
                    ingest.add("ingested".getBytes(UTF_8), new byte[10]);
                    ingest.finish();
                }
                write(1);
            });
        };
        VerificationReport report = store.verify();
        assertThat(report.findings()).isEmpty();
        assertThat(hasLogs(report)).isTrue();
    }

    @Test
    void anInterruptEndsTheReadingOfLogs() {
        write(3_000);
        files.reads = 0;
        assertThat(store.verify().isClean()).isTrue();
        int all = files.reads;
        int opened = files.opened;
        files.reads = 0;
        files.opened = 0;
        files.onOpen = () -> {
            if (files.opened == opened) {
                Thread.currentThread().interrupt(); // the last time that a log is opened, to be read to its end
            }
        };
        VerificationReport report = store.verify();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(report.complete()).isFalse();
        assertThat(report.findings()).isEmpty();
        assertThat(report.remarks()).isEmpty();
        assertThat(hasLogs(report)).isFalse();
        assertThat(files.reads).isLessThan(all);
    }

    @Test
    void aCloseEndsTheReadingOfLogs() {
        write(10);
        files.onOpen = () -> TestThreads.onAnother(store::close);
        assertThatThrownBy(store::verify).isInstanceOf(StoreClosedException.class);
        assertThat(files.opened).isEqualTo(1);
    }
}
