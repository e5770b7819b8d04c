package io.forebay.store.version;

import io.forebay.store.FormatTooNewException;
import io.forebay.store.KeyRange;
import io.forebay.store.key.KeyText;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
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
        FieldWriter out = new FieldWriter();
        if (edit.lastSequence() >= 0) {
            out.octet(LAST_SEQUENCE);
            out.number(edit.lastSequence());
        }
        if (edit.mergeName() != null) {
            out.octet(MERGE_NAME);
            out.string(edit.mergeName().getBytes(StandardCharsets.UTF_8));
        }
        if (edit.commit() != null) {
            out.octet(COMMIT);
            out.number(edit.commit().sequence());
            out.string(edit.commit().payload());
        }
        for (VersionEdit.Added added : edit.added()) {
            out.octet(ADDED);
            out.number(added.rank());
            encodeFile(added.file(), out);
        }
        for (VersionEdit.Removed removed : edit.removed()) {
            out.octet(REMOVED);
            out.number(removed.rank());
            out.fixed(removed.id().high());
            out.fixed(removed.id().low());
            out.string(removed.from());
        }
        if (edit.nextRank() >= 0) {
            out.octet(NEXT_RANK);
            out.number(edit.nextRank());
        }
        if (edit.keptSequence() >= 0) {
            out.octet(KEPT);
            out.number(edit.keptSequence());
        }
        if (edit.logs() != null) {
            out.octet(LOGS);
            out.fixed(edit.logs().id());
            out.number(edit.logs().first());
        }
        return out.toByteArray();
    }

    /**
     * @param name name of the file, for messages
     * @param offset offset of the bytes in the file, for messages
     */
    public static VersionEdit decode(byte[] bytes, String name, long offset) {
        FieldReader in = new FieldReader(bytes, bytes.length, name, offset);
        VersionEdit edit = new VersionEdit();
        while (in.hasMore()) {
            int tag = in.octet();
            switch (tag) {
                case LAST_SEQUENCE -> edit.lastSequence(in.number("a sequence number"));
                case MERGE_NAME -> edit.mergeName(in.text("the name of a merge function"));
                case COMMIT -> edit.commit(in.number("a sequence number"), in.string("length of a payload"));
                case ADDED -> edit.add(in.number("a rank"), decodeFile(in));
                case REMOVED ->
                    edit.remove(new VersionEdit.Removed(
                            in.number("a rank"), new FileId(in.fixed(), in.fixed()), in.string("length of a key")));
                case NEXT_RANK -> edit.nextRank(in.number("a rank"));
                case KEPT -> edit.keep(in.number("a sequence number"));
                case LOGS -> edit.logs(new VersionEdit.Logs(in.fixed(), in.number("a log number")));
                default ->
                    throw new FormatTooNewException(
                            "File " + name + " has an edit with tag " + tag
                                    + ", which this version of Forebay does not know. Open the store with the version that wrote it.");
            }
        }
        return edit;
    }

    private static void encodeFile(FileMeta file, FieldWriter out) {
        out.fixed(file.id().high());
        out.fixed(file.id().low());
        out.number(file.fileBytes());
        out.octet((file.virtual() ? VIRTUAL : 0)
                | (file.range().to() != null ? HAS_END : 0)
                | (file.keyId() != null ? ENCRYPTED : 0));
        out.string(file.range().from());
        if (file.range().to() != null) {
            out.string(file.range().to());
        }
        out.number(file.info().minSequence());
        out.number(file.info().maxSequence());
        out.number(file.entries());
        out.number(file.pointDeletes());
        out.number(file.rangeDeletes());
        out.number(file.overrideSequence() + 1);
        out.number(file.info().creationMillis());
        if (file.keyId() != null) {
            out.string(file.keyId().getBytes(StandardCharsets.UTF_8));
        }
    }

    private static FileMeta decodeFile(FieldReader in) {
        FileId id = new FileId(in.fixed(), in.fixed());
        long bytes = in.number("a file length");
        int flags = in.octet();
        if ((flags & ~(VIRTUAL | HAS_END | ENCRYPTED)) != 0) {
            throw in.corrupt("flags of 0 to 7", Integer.toString(flags));
        }
        byte[] from = in.string("length of a key");
        byte[] to = (flags & HAS_END) != 0 ? in.string("length of a key") : null;
        KeyRange range = KeyRange.of(from, to);
        if (range.isEmpty()) {
            throw in.corrupt("a range that holds keys", KeyText.HIDDEN.of(range));
        }
        long minSequence = in.number("a sequence number");
        long maxSequence = in.number("a sequence number");
        long entries = in.number("a number of entries");
        long pointDeletes = in.number("a number of deletes");
        long rangeDeletes = in.number("a number of range deletes");
        long overrideSequence = in.number("a sequence number") - 1;
        long creationMillis = in.number();
        String keyId = (flags & ENCRYPTED) != 0 ? in.text("the id of a key") : null;
        SstInfo info = new SstInfo(
                bytes, minSequence, maxSequence, entries, pointDeletes, rangeDeletes, creationMillis, keyId);
        return new FileMeta(id, info, range, (flags & VIRTUAL) != 0, overrideSequence, null);
    }
}
