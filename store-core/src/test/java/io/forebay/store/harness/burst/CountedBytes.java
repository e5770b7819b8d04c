package io.forebay.store.harness.burst;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.ForwardingFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The bytes that are read from and written to several file stores. One thread uses it. */
final class CountedBytes {
    private long total;

    long total() {
        return total;
    }

    FileStore over(FileStore files) {
        return new ForwardingFileStore(files) {
            @Override
            public WritableFile create(String name) throws IOException {
                return new Writer(super.create(name)) {
                    @Override
                    public void append(ByteBuffer bytes) throws IOException {
                        total += bytes.remaining();
                        super.append(bytes);
                    }
                };
            }

            @Override
            public ReadableFile open(String name) throws IOException {
                return new Reader(super.open(name)) {
                    @Override
                    public void read(long position, ByteBuffer into) throws IOException {
                        total += into.remaining();
                        super.read(position, into);
                    }
                };
            }
        };
    }
}
