package io.forebay.store.version;

import io.forebay.store.FormatTooNewException;
import io.forebay.store.KeyRange;
import io.forebay.store.key.KeyText;
import java.nio.charset.StandardCharsets;

/**
 * The bytes of edits and of files in them.
 *
 * <pre>
 * Edit    --> Field*                                  fields in any order, files as often as needed
 * Field   --> 1 number                                last sequence number
 *           | 2 bytes                                 name of the merge function, UTF-8
 *           | 3 number bytes                          commit: sequence number, payload
 *           | 4 number File                           file joins the run of this rank
 *           | 5 number id:16 bytes                    file leaves the run of this rank; start of its visible range
 *           | 6 number                                ranks from here on were never used
 *           | 7 number                                writes up to this sequence number stay, committed or not
 *           | 8 id:8 number                           write-ahead logs from this number on are needed, those of this id;
 *                                                   none when the id is 0
 * File    --> id:16 number(bytes) flags:1 bytes(from) [bytes(to)] number(min sequence) number(max sequence)
 *             number(entries) number(point deletes) number(range deletes) number(override sequence + 1) number(created)
 *             [bytes(key id, UTF-8)]
 * flags   --> 1: virtual, 2: has an end, 4: encrypted, so that there is a key id
 * number  --> unsigned LEB128      bytes --> number content
 * </pre>
 *
 * A tag that is not in this list was written by a newer version and is refused.
 */
public final class VersionEditCodec {
    private static final int LAST_SEQUENCE = 1;
    private static final int MERGE_NAME = 2;
    private static final int COMMIT = 3;
    private static final int ADDED = 4;
    private static final int REMOVED = 5;
    private static final int NEXT_RANK = 6;
    private static final int KEPT = 7;
    private static final int LOGS = 8;
    private static final int VIRTUAL = 1;
    private static final int HAS_END = 2;
    private static final int ENCRYPTED = 4;

    private VersionEditCodec() {}

    public static byte[] encode(VersionEdit edit) {
        EditOutput out = new EditOutput();
        if (edit.lastSequence() >= 0) {
            out.writeByte(LAST_SEQUENCE);
            out.writeNumber(edit.lastSequence());
        }
        if (edit.mergeName() != null) {
            out.writeByte(MERGE_NAME);
            out.writeBytes(edit.mergeName().getBytes(StandardCharsets.UTF_8));
        }
        if (edit.commit() != null) {
            out.writeByte(COMMIT);
            out.writeNumber(edit.commit().sequence());
            out.writeBytes(edit.commit().payload());
        }
        for (VersionEdit.Added added : edit.added()) {
            out.writeByte(ADDED);
            out.writeNumber(added.rank());
            encodeFile(added.file(), out);
        }
        for (VersionEdit.Removed removed : edit.removed()) {
            out.writeByte(REMOVED);
            out.writeNumber(removed.rank());
            out.writeFixed(removed.id().high());
            out.writeFixed(removed.id().low());
            out.writeBytes(removed.from());
        }
        if (edit.nextRank() >= 0) {
            out.writeByte(NEXT_RANK);
            out.writeNumber(edit.nextRank());
        }
        if (edit.keptSequence() >= 0) {
            out.writeByte(KEPT);
            out.writeNumber(edit.keptSequence());
        }
        if (edit.logs() != null) {
            out.writeByte(LOGS);
            out.writeFixed(edit.logs().id());
            out.writeNumber(edit.logs().first());
        }
        return out.toByteArray();
    }

    /**
     * @param name name of the file, for messages
     * @param offset offset of the bytes in the file, for messages
     */
    public static VersionEdit decode(byte[] bytes, String name, long offset) {
        EditInput in = new EditInput(name, offset, bytes);
        VersionEdit edit = new VersionEdit();
        while (in.hasMore()) {
            int tag = in.readByte();
            switch (tag) {
                case LAST_SEQUENCE -> edit.lastSequence(in.readCount("a sequence number"));
                case MERGE_NAME -> edit.mergeName(in.readText());
                case COMMIT -> edit.commit(in.readCount("a sequence number"), in.readBytes());
                case ADDED -> edit.add(in.readCount("a rank"), decodeFile(in));
                case REMOVED ->
                    edit.remove(new VersionEdit.Removed(
                            in.readCount("a rank"), new FileId(in.readFixed(), in.readFixed()), in.readBytes()));
                case NEXT_RANK -> edit.nextRank(in.readCount("a rank"));
                case KEPT -> edit.keep(in.readCount("a sequence number"));
                case LOGS -> edit.logs(new VersionEdit.Logs(in.readFixed(), in.readCount("a log number")));
                default ->
                    throw new FormatTooNewException(
                            "File " + name + " has an edit with tag " + tag
                                    + ", which this version of Forebay does not know. Open the store with the version that wrote it.");
            }
        }
        return edit;
    }

    private static void encodeFile(FileMeta file, EditOutput out) {
        out.writeFixed(file.id().high());
        out.writeFixed(file.id().low());
        out.writeNumber(file.fileBytes());
        out.writeByte((file.virtual() ? VIRTUAL : 0)
                | (file.range().to() != null ? HAS_END : 0)
                | (file.keyId() != null ? ENCRYPTED : 0));
        out.writeBytes(file.range().from());
        if (file.range().to() != null) {
            out.writeBytes(file.range().to());
        }
        out.writeNumber(file.info().minSequence());
        out.writeNumber(file.info().maxSequence());
        out.writeNumber(file.entries());
        out.writeNumber(file.pointDeletes());
        out.writeNumber(file.rangeDeletes());
        out.writeNumber(file.overrideSequence() + 1);
        out.writeNumber(file.info().creationMillis());
        if (file.keyId() != null) {
            out.writeBytes(file.keyId().getBytes(StandardCharsets.UTF_8));
        }
    }

    private static FileMeta decodeFile(EditInput in) {
        FileId id = new FileId(in.readFixed(), in.readFixed());
        long bytes = in.readCount("a file length");
        int flags = in.readByte();
        if ((flags & ~(VIRTUAL | HAS_END | ENCRYPTED)) != 0) {
            throw in.corrupt("flags of 0 to 7", Integer.toString(flags));
        }
        byte[] from = in.readBytes();
        byte[] to = (flags & HAS_END) != 0 ? in.readBytes() : null;
        KeyRange range = KeyRange.of(from, to);
        if (range.isEmpty()) {
            throw in.corrupt("a range that holds keys", KeyText.HIDDEN.of(range));
        }
        long minSequence = in.readCount("a sequence number");
        long maxSequence = in.readCount("a sequence number");
        long entries = in.readCount("a number of entries");
        long pointDeletes = in.readCount("a number of deletes");
        long rangeDeletes = in.readCount("a number of range deletes");
        long overrideSequence = in.readCount("a sequence number") - 1;
        long creationMillis = in.readNumber();
        String keyId = (flags & ENCRYPTED) != 0 ? in.readText() : null;
        SstInfo info = new SstInfo(
                bytes, minSequence, maxSequence, entries, pointDeletes, rangeDeletes, creationMillis, keyId);
        return new FileMeta(id, info, range, (flags & VIRTUAL) != 0, overrideSequence, null);
    }
}
