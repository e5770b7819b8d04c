package io.forebay.store.db.state;

import io.forebay.store.testing.Interleavings;
import java.util.Arrays;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * A claimed state stays readable until its claim ends, whatever the writer overwrites meanwhile. The versions of one key are
 * their sequence numbers.
 */
public class SnapshotListInterleavingTest {
    private final WriterGate gate = new WriterGate(false);
    private final SnapshotList claims = new SnapshotList();
    private volatile long[] versions = {1};
    private volatile long published = 1;

    @Operation(nonParallelGroup = "writer")
    public long write() {
        gate.enterWriter();
        try {
            long sequence = published + 1;
            put(sequence);
            published = sequence;
            return sequence;
        } finally {
            gate.leave();
        }
    }

    @Operation(nonParallelGroup = "writer")
    public long commit() {
        gate.enterWriter();
        try {
            claims.commitAt(published);
            return published;
        } finally {
            gate.leave();
        }
    }

    @Operation
    public boolean read() {
        SnapshotList.Entry claim = claim();
        try {
            return isThere(claim) && Arrays.binarySearch(claims.sequences(), claim.sequence) >= 0;
        } finally {
            claims.remove(claim);
        }
    }

    /** As an iterator of a snapshot that is closed first. */
    @Operation
    public boolean readBehindAnother() {
        SnapshotList.Entry claim = claim();
        SnapshotList.Entry second = claims.addLike(claim, null, null);
        claims.remove(claim);
        try {
            return claim.isRemoved() && claims.addLike(claim, null, null) == null && isThere(second);
        } finally {
            claims.remove(second);
        }
    }

    @Operation
    public boolean isNothingPinnedThatIsNotPublished() {
        gate.enterOther();
        try {
            return claims.pinned() <= published;
        } finally {
            gate.leave();
        }
    }

    private void put(long sequence) {
        long[] now = versions;
        boolean overwrite = now[now.length - 1] > claims.pinned();
        long[] next = Arrays.copyOf(now, overwrite ? now.length : now.length + 1);
        next[next.length - 1] = sequence;
        versions = next;
    }

    private SnapshotList.Entry claim() {
        gate.enterOther();
        try {
            return claims.add(published, null, null);
        } finally {
            gate.leave();
        }
    }

    private boolean isThere(SnapshotList.Entry claim) {
        return Arrays.binarySearch(versions, claim.sequence) >= 0;
    }

    @Test
    void everyOrder() {
        Interleavings.check(SnapshotListInterleavingTest.class, Specification.class, 3);
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        private long published = 1;

        public long write() {
            return ++published;
        }

        public long commit() {
            return published;
        }

        public boolean read() {
            return true;
        }

        public boolean readBehindAnother() {
            return true;
        }

        public boolean isNothingPinnedThatIsNotPublished() {
            return true;
        }
    }
}
