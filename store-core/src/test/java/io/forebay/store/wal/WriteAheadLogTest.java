package io.forebay.store.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.WritableFile;
import io.forebay.store.WriteBatch;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Groups, syncs, rotation and failures of one log, on one thread; GroupCommitInterleavingTest has several. */
class WriteAheadLogTest {
    private static final byte[] KEY = {7};
    private static final byte[] VALUE = new byte[100];

    private final List<Throwable> failures = new ArrayList<>();
    private final Disk disk = new Disk();
    private long sequence;

    private WriteAheadLog start(boolean synced) throws IOException {
        return WriteAheadLog.start(
                disk, Encryption.of(null, false), 1, 1, 1, synced, WriteAheadLog.MAX_RECORD_BYTES, failures::add);
    }

    private long put(WriteAheadLog log) {
        return log.put(++sequence, KEY, 0, KEY.length, VALUE, 0, VALUE.length);
    }

    @Test
    void whoeverAwaitsFirstWritesForAllBefore() throws IOException {
        WriteAheadLog log = start(true);
        long appends = disk.appends;
        long syncs = log.syncs();
        long first = put(log);
        put(log);
        long last = put(log);
        assertThat(disk.appends).isEqualTo(appends);
        assertThat(log.await(last)).isTrue();
        assertThat(log.await(first)).isTrue();
        assertThat(disk.appends - appends).isEqualTo(1);
        assertThat(log.syncs() - syncs).isEqualTo(1);
        assertThat(log.close()).isTrue();
    }

    /** Only several writers make a group that waits, so the log is asked itself. */
    @Test
    void aBatchThatFitsIsNotRefusedForWhatWaitsBesideIt() throws IOException {
        WriteAheadLog log =
                WriteAheadLog.start(disk, Encryption.of(null, false), 1, 1, 1, false, 10_000, failures::add);
        byte[] most = new byte[6_000];
        log.put(++sequence, KEY, 0, KEY.length, most, 0, most.length);
        WriteBatch batch = new WriteBatch().put(KEY, most);
        log.checkSize(batch);
        assertThat(log.await(log.batch(++sequence, batch))).isTrue();
        assertThat(log.close()).isTrue();
    }

    @Test
    void withoutSyncsAWriteIsInTheFileAndSyncedWhenThatIsAskedFor() throws IOException {
        WriteAheadLog log = start(false);
        long syncs = log.syncs();
        long ticket = put(log);
        assertThat(log.await(ticket)).isTrue();
        assertThat(log.syncs()).isEqualTo(syncs);
        assertThat(log.awaitSynced(ticket)).isTrue();
        assertThat(log.syncs()).isEqualTo(syncs + 1);
        assertThat(log.awaitSynced(ticket)).isTrue();
        assertThat(log.syncs()).isEqualTo(syncs + 1);
        log.close();
    }

    /** A group ends where sequence numbers do not follow each other: a range of them went elsewhere. */
    @Test
    void aGapBetweenSequenceNumbersBeginsANewRecord() throws IOException {
        WriteAheadLog log = start(true);
        long appends = disk.appends;
        put(log);
        sequence += 10;
        assertThat(log.await(put(log))).isTrue();
        assertThat(disk.appends - appends).isEqualTo(2);
        log.close();
    }

    @Test
    void allOfALogIsSyncedBeforeTheNextOneIsMade() throws IOException {
        WriteAheadLog log = start(false);
        put(log);
        log.rotate();
        assertThat(log.activeBytes()).isZero();
        long ticket = put(log);
        disk.operations.clear();
        assertThat(log.await(ticket)).isTrue();
        assertThat(disk.operations)
                .containsSubsequence(
                        "append " + WalFormat.name(1), "sync " + WalFormat.name(1), "create " + WalFormat.name(2));
        assertThat(log.firstNeeded(0)).isEqualTo(1);
        assertThat(log.firstNeeded(1)).isEqualTo(2);
        log.deleteBelow(2);
        assertThat(disk.list()).containsExactly(WalFormat.name(2));
        log.close();
    }

    @Test
    void aCommitIsToldWhenItsSyncIsDone() throws IOException {
        WriteAheadLog log = start(false);
        boolean[] durable = new boolean[1];
        long ticket = log.commit(++sequence, new byte[] {1}, () -> durable[0] = true);
        assertThat(log.await(ticket)).isTrue();
        assertThat(durable[0]).isFalse();
        assertThat(log.awaitSynced(ticket)).isTrue();
        assertThat(durable[0]).isTrue();
        log.close();
    }

    @Test
    void afterAFailureNothingIsWrittenUntilAnotherLogIsBegun() throws IOException {
        WriteAheadLog log = start(true);
        disk.broken = true;
        assertThat(log.await(put(log))).isFalse();
        disk.broken = false;
        long appends = disk.appends;
        assertThat(log.await(put(log))).isFalse();
        assertThat(log.hasFailed()).isTrue();
        assertThat(failures)
                .singleElement()
                .satisfies(cause -> assertThat(cause).hasMessage("injected"));
        assertThat(disk.appends).isEqualTo(appends);

        log.beginAnother(sequence + 1);
        assertThat(log.hasFailed()).isTrue();
        assertThat(log.await(put(log))).isFalse();
        log.beginAnother(sequence + 1); // the write in between belongs to the memtable that was flushed
        log.restart();
        assertThat(log.hasFailed()).isFalse();
        assertThat(log.await(put(log))).isTrue();
        assertThat(log.close()).isTrue();
    }

    @Test
    void aCloseAfterAFailureSaysThatWritesMayBeLost() throws IOException {
        WriteAheadLog log = start(true);
        disk.broken = true;
        log.await(put(log));
        disk.broken = false;
        assertThat(log.close()).isFalse();
    }

    @Test
    void aCloseWhoseSyncFailsThrows() throws IOException {
        WriteAheadLog log = start(false);
        put(log);
        disk.broken = true;
        assertThatThrownBy(log::close)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(WalFormat.name(1))
                .cause()
                .hasMessage("injected");
        assertThat(failures).isEmpty();
    }

    @Test
    void aBatchThatIsLargerThanARecordIsRefusedBeforehand() throws IOException {
        WriteAheadLog log =
                WriteAheadLog.start(disk, Encryption.of(null, false), 1, 1, 1, true, 1 << 10, failures::add);
        WriteBatch batch = new WriteBatch();
        batch.put(KEY, new byte[900]);
        log.checkSize(batch);
        batch.put(KEY, new byte[200]);
        assertThatThrownBy(() -> log.checkSize(batch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one record of at most 1024 bytes; write it in parts");
        log.close();
    }

    private static final class Disk extends ForwardingFileStore {
        private final List<String> operations = new ArrayList<>();
        private long appends;
        private boolean broken;

        Disk() {
            super(new MemoryFileStore());
        }

        @Override
        public WritableFile create(String name) throws IOException {
            operations.add("create " + name);
            return new Writer(super.create(name)) {
                @Override
                public void append(ByteBuffer bytes) throws IOException {
                    check();
                    operations.add("append " + name);
                    appends++;
                    super.append(bytes);
                }

                @Override
                public void sync() throws IOException {
                    check();
                    operations.add("sync " + name);
                    super.sync();
                }
            };
        }

        private void check() throws IOException {
            if (broken) {
                throw new IOException("injected");
            }
        }
    }
}
