package io.forebay.store.wal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.forebay.store.WritableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.Interleavings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** A write that was awaited is synced, with all before it, whoever led the group; and each group is appended once. */
public class GroupCommitInterleavingTest {
    private static final byte[] KEY = {7};

    private final Disk disk = new Disk();
    private final WriteAheadLog log;
    /** Stands for the writer's gate. */
    private final Object gate = new Object();

    private long sequence;

    public GroupCommitInterleavingTest() throws IOException {
        log = WriteAheadLog.start(
                disk, Encryption.of(null, false), 1, 1, 1, true, WriteAheadLog.MAX_RECORD_BYTES, failure -> {
                    throw new AssertionError(failure);
                });
    }

    @Operation
    public boolean put() {
        long mine;
        long ticket;
        synchronized (gate) {
            mine = ++sequence;
            ticket = log.put(mine, KEY, 0, 1, value(mine), 0, 8);
        }
        return log.await(ticket) && disk.isSyncedOnce(value(mine));
    }

    @Operation
    public boolean rotate() {
        synchronized (gate) {
            log.rotate();
        }
        return true;
    }

    @Operation
    public boolean sync() {
        return log.awaitSynced(log.lastTicket());
    }

    private static byte[] value(long sequence) {
        return ByteBuffer.allocate(8).putLong(0x5EAF00D5EAF00D00L + sequence).array();
    }

    @Test
    void everyOrder() {
        Interleavings.check(GroupCommitInterleavingTest.class, Specification.class, 2);
    }

    /** Knows what was synced of all its files together. */
    private static final class Disk extends ForwardingFileStore {
        private volatile byte[] synced = {};

        Disk() {
            super(new MemoryFileStore());
        }

        /** Of what was appended twice, the second place is found by the search from behind. */
        boolean isSyncedOnce(byte[] value) {
            String all = new String(synced, ISO_8859_1);
            String wanted = new String(value, ISO_8859_1);
            int at = all.indexOf(wanted);
            return at >= 0 && at == all.lastIndexOf(wanted);
        }

        @Override
        public WritableFile create(String name) throws IOException {
            return new Writer(super.create(name)) {
                private byte[] unsynced = {};

                @Override
                public void append(ByteBuffer bytes) throws IOException {
                    byte[] joined = Arrays.copyOf(unsynced, unsynced.length + bytes.remaining());
                    bytes.duplicate().get(joined, unsynced.length, bytes.remaining());
                    unsynced = joined;
                    super.append(bytes);
                }

                @Override
                public void sync() throws IOException {
                    byte[] before = synced;
                    byte[] joined = Arrays.copyOf(before, before.length + unsynced.length);
                    System.arraycopy(unsynced, 0, joined, before.length, unsynced.length);
                    synced = joined;
                    unsynced = new byte[0];
                    super.sync();
                }
            };
        }
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        public boolean put() {
            return true;
        }

        public boolean rotate() {
            return true;
        }

        public boolean sync() {
            return true;
        }
    }
}
