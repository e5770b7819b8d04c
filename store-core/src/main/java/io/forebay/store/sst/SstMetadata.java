package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** What of a file stays in memory as long as it is open. Immutable. */
record SstMetadata(SstProperties properties, TopIndex top, FragmentArray tombstones) {
    /** Small files have all their metadata in here, so that one read opens them. */
    private static final int TAIL_BYTES = 8 << 10;

    private static final int FIXED_HEAP_BYTES = 1024;

    /** Reads and verifies the end of a file. */
    static SstMetadata load(ReadableFile file, String name) throws IOException {
        long size = file.size();
        if (size < SstFormat.FOOTER_BYTES) {
            throw SstBlocks.truncated(name, 0, SstFormat.FOOTER_BYTES, size);
        }
        int tailBytes = (int) Math.min(size, TAIL_BYTES);
        ByteBuffer tail = ByteBuffer.wrap(read(file, name, size - tailBytes, tailBytes));
        byte[] footer = new byte[SstFormat.FOOTER_BYTES];
        tail.get(tailBytes - SstFormat.FOOTER_BYTES, footer);
        SstFormat format = SstFormat.decode(footer, name, size);

        Loader loader = new Loader(file, name, tail, size - tailBytes);
        long topEnd = format.tombstonesOffset();
        TopIndex top = new TopIndex(loader.block(format.topIndexOffset(), topEnd), format.topIndexOffset());
        FragmentArray tombstones = topEnd == format.propertiesOffset()
                ? FragmentArray.EMPTY
                : TombstoneBlock.decode(loader.block(topEnd, format.propertiesOffset()));
        MetaReader in = loader.block(format.propertiesOffset(), size - SstFormat.FOOTER_BYTES);
        return new SstMetadata(PropertiesBlock.decode(in, size, top.dataBlocks(), tombstones), top, tombstones);
    }

    private static byte[] read(ReadableFile file, String name, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        try {
            file.read(offset, ByteBuffer.wrap(bytes));
        } catch (EOFException e) {
            throw SstBlocks.truncated(name, offset, length, file.size());
        }
        return bytes;
    }

    /** About how many bytes this takes in memory. */
    long heapBytes() {
        return FIXED_HEAP_BYTES + top.heapBytes() + TombstoneBlock.heapBytes(tombstones);
    }

    /** Gets blocks from the tail that was read already, or else from the file. */
    private record Loader(ReadableFile file, String name, ByteBuffer tail, long tailOffset) {
        MetaReader block(long begin, long end) throws IOException {
            if (end - begin > Integer.MAX_VALUE - 64 || end - begin < BlockTrailer.BYTES) {
                throw new CorruptionException(name, begin, "a block of metadata", (end - begin) + " bytes");
            }
            int length = (int) (end - begin);
            byte[] bytes;
            if (begin >= tailOffset) {
                bytes = new byte[length];
                tail.get((int) (begin - tailOffset), bytes);
            } else {
                bytes = read(file, name, begin, length);
            }
            BlockTrailer.verify(new Slab(ByteBuffer.wrap(bytes)), 0, length, name, begin);
            return new MetaReader(bytes, length - BlockTrailer.BYTES, name, begin);
        }
    }
}
