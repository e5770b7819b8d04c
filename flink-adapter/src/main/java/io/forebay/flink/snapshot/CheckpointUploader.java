package io.forebay.flink.snapshot;

import io.forebay.flink.io.Transfers;
import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.util.IOUtils;

/** Copies files of a store's checkpoint to the checkpoint storage. Thread-safe. */
final class CheckpointUploader {
    private static final int BUFFER_BYTES = 64 << 10;

    private final Transfers transfers;

    CheckpointUploader(Transfers transfers) {
        this.transfers = transfers;
    }

    /**
     * Uploads the files and returns their handles in order.
     *
     * @param cancelRegistry closes the streams when the snapshot is cancelled
     * @param created is given each handle as soon as it exists, so that it has them even if a later file fails
     */
    List<StreamStateHandle> upload(
            Checkpoint checkpoint,
            List<CheckpointFile> files,
            CheckpointStreamFactory target,
            CheckpointedStateScope scope,
            CloseableRegistry cancelRegistry,
            CreatedState created)
            throws Exception {
        List<Callable<StreamStateHandle>> copies = new ArrayList<>(files.size());
        for (CheckpointFile file : files) {
            copies.add(() -> upload(checkpoint, file, target, scope, cancelRegistry, created));
        }
        return transfers.runAll(copies);
    }

    private static StreamStateHandle upload(
            Checkpoint checkpoint,
            CheckpointFile file,
            CheckpointStreamFactory target,
            CheckpointedStateScope scope,
            CloseableRegistry cancelRegistry,
            CreatedState created)
            throws IOException {
        CheckpointStateOutputStream out = target.createCheckpointStateOutputStream(scope);
        boolean finished = false;
        cancelRegistry.registerCloseable(out);
        try (ReadableFile in = checkpoint.open(file)) {
            byte[] bytes = new byte[(int) Math.min(BUFFER_BYTES, file.bytes())];
            for (long at = 0; at < file.bytes(); at += bytes.length) {
                ByteBuffer part = ByteBuffer.wrap(bytes, 0, (int) Math.min(bytes.length, file.bytes() - at));
                int length = part.remaining();
                in.read(at, part);
                out.write(bytes, 0, length);
            }
            if (!cancelRegistry.unregisterCloseable(out)) {
                throw new IOException("The upload of " + file.name() + " was cancelled");
            }
            StreamStateHandle handle = out.closeAndGetHandle();
            finished = true;
            created.add(handle);
            return handle;
        } finally {
            if (!finished) {
                cancelRegistry.unregisterCloseable(out);
                IOUtils.closeQuietly(out);
            }
        }
    }
}
