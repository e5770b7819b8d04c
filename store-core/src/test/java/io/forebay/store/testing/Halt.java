package io.forebay.store.testing;

import io.forebay.store.FileStore;
import io.forebay.store.MergeFunction;
import io.forebay.store.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A point in the code at which threads stand still until the test releases them. After that no thread stops there. */
public final class Halt {
    /** Counted down by the first thread that comes. */
    public final CountDownLatch reached = new CountDownLatch(1);
    /** Counted down by the test. */
    public final CountDownLatch release = new CountDownLatch(1);

    private final AtomicInteger passes = new AtomicInteger();

    /** Called at the point. */
    public void here() {
        passes.incrementAndGet();
        reached.countDown();
        TestThreads.awaitUninterruptibly(release);
    }

    /** How often threads have come to the point. */
    public int passes() {
        return passes.get();
    }

    /** Files in which each write to an SST comes to this point first. */
    public FileStore atSstWrites(FileStore files) {
        return new ForwardingFileStore(files) {
            @Override
            public WritableFile create(String name) throws IOException {
                WritableFile file = super.create(name);
                if (!name.endsWith(".sst")) {
                    return file;
                }
                return new Writer(file) {
                    @Override
                    public void append(ByteBuffer bytes) throws IOException {
                        here();
                        super.append(bytes);
                    }
                };
            }
        };
    }

    /** A merge function that comes to this point, which is inside the gate when a writer folds operands. */
    public MergeFunction atMerges() {
        return new MergeFunction() {
            @Override
            public String name() {
                return "halts";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                here();
                return values.get(0);
            }
        };
    }
}
