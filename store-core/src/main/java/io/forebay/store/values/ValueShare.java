package io.forebay.store.values;

import io.forebay.store.KeyProvider;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What an SST has in one value file: an element of its list of value files, in which a {@link ValueReference} says a place. Immutable.
 *
 * <pre>
 * Shares --&gt; Share*                                                  up to the end of the field
 * Share  --&gt; id:16  file bytes:varint  frame bytes:varint  bytes:varint  length:varint  key id in UTF-8
 * </pre>
 *
 * The length is 0 for a plain file. <i>Example.</i> 3,000 bytes in a plain file of 5,000 bytes, 70 of which are no values: the id,
 * then {@code 88 27, 46, B8 17, 00}.
 *
 * @param high upper half of the id of the value file
 * @param low lower half of the id
 * @param fileBytes length of the value file
 * @param frameBytes those of the file that are not of values: its start and end, a wrapped key among them
 * @param bytes what the values that the SST refers to take in the file, 1 to {@code fileBytes - frameBytes}
 * @param keyId id of the master key of the value file; null when it is plain
 */
public record ValueShare(long high, long low, long fileBytes, long frameBytes, long bytes, String keyId) {
    /** A file is short below the target size divided by this. */
    private static final int SHORT_SHARE = 16;

    /** @throws IllegalArgumentException when these cannot be the numbers of a share */
    public ValueShare {
        if (fileBytes > ValueFormat.MAX_FILE_BYTES
                || frameBytes < 0
                || bytes < 1
                || bytes > fileBytes - frameBytes
                || "".equals(keyId)) {
            throw new IllegalArgumentException("A share of " + bytes + " bytes of a value file of " + fileBytes + ", "
                    + frameBytes + " without values, with key " + keyId);
        }
    }

    /** What all shares refer to, added up. */
    public static long bytes(List<ValueShare> shares) {
        long sum = 0;
        for (ValueShare share : shares) {
            sum += share.bytes;
        }
        return sum;
    }

    /** Whether the file is so short that each merge copies its values to a new one, at this target size of SSTs. */
    public boolean isShort(long targetFileBytes) {
        return fileBytes < targetFileBytes / SHORT_SHARE;
    }

    /** Writes the content of a field. */
    public static void write(List<ValueShare> shares, FieldWriter out) {
        for (ValueShare share : shares) {
            out.fixed(share.high).fixed(share.low).number(share.fileBytes);
            out.number(share.frameBytes).number(share.bytes);
            out.string(share.keyId == null ? new byte[0] : share.keyId.getBytes(StandardCharsets.UTF_8));
        }
    }

    /**
     * Reads the content of a field.
     *
     * @return at least one share, no two of the same file
     */
    public static List<ValueShare> read(FieldReader in) {
        List<ValueShare> shares = new ArrayList<>();
        Set<List<Long>> ids = new HashSet<>();
        do {
            ValueShare share = readOne(in);
            if (!ids.add(List.of(share.high, share.low))) {
                throw in.corrupt("value files that differ", "one of them twice");
            }
            shares.add(share);
        } while (in.hasMore());
        return List.copyOf(shares);
    }

    private static ValueShare readOne(FieldReader in) {
        long high = in.fixed();
        long low = in.fixed();
        long fileBytes = in.number("length of a value file", 1, ValueFormat.MAX_FILE_BYTES);
        long frameBytes = in.number("bytes beside values", 0, fileBytes - 1);
        long bytes = in.number("bytes of values", 1, fileBytes - frameBytes);
        String keyId = in.text("the id of a key", KeyProvider.MAX_KEY_ID_BYTES);
        return new ValueShare(high, low, fileBytes, frameBytes, bytes, keyId.isEmpty() ? null : keyId);
    }
}
