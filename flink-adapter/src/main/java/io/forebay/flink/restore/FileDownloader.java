package io.forebay.flink.restore;

import io.forebay.flink.io.Transfers;
import io.forebay.store.FileStore;
import io.forebay.store.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.runtime.state.StreamStateHandle;

/** Copies files from the checkpoint storage to the working directory of a store. */
final class FileDownloader {
    private static final int BUFFER_BYTES = 64 << 10;

    private final Transfers transfers;
    private final CloseableRegistry cancelRegistry;

    FileDownloader(Transfers transfers, CloseableRegistry cancelRegistry) {
        this.transfers = transfers;
        this.cancelRegistry = cancelRegistry;
    }

    void download(Map<String, StreamStateHandle> byName, FileStore target) throws Exception {
        List<Callable<Void>> copies = new ArrayList<>(byName.size());
        byName.forEach((name, handle) -> copies.add(() -> {
            download(name, handle, target);
            return null;
        }));
        transfers.runAll(copies);
    }

    private void download(String name, StreamStateHandle handle, FileStore target) throws IOException {
        try (FSDataInputStream in = handle.openInputStream();
                WritableFile out = target.create(name)) {
            cancelRegistry.registerCloseable(in);
            try {
                byte[] bytes = new byte[BUFFER_BYTES];
                int read;
                while ((read = in.read(bytes)) >= 0) {
                    out.append(ByteBuffer.wrap(bytes, 0, read));
                }
            } finally {
                cancelRegistry.unregisterCloseable(in);
            }
            if (out.position() != handle.getStateSize()) {
                throw new IOException("The file " + name + " should have " + handle.getStateSize() + " bytes, but "
                        + out.position() + " could be read from " + handle);
            }
        }
    }
}
