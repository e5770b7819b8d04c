package io.forebay.store.version;

import io.forebay.store.util.FieldListReader;
import io.forebay.store.util.FieldListWriter;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import java.nio.charset.StandardCharsets;

/**
 * The bytes of edits.
 *
 * <pre>
 * Edit    --> Field*                                  a {@link FieldListWriter list of fields}
 * Field   --> 02 number                               last sequence number
 *           | 04 number File                          {@link FileMetaCodec file} joins the run of this rank; repeatable
 *           | 06 number id:16 bytes                   file leaves the run of this rank; start of its visible range; repeatable
 *           | 08 text                                 name of the merge function
 *           | 0E number bytes                         commit: sequence number, payload
 *           | 10 number                               ranks from here on were never used
 *           | 12 number                               writes up to this sequence number stay, committed or not
 *           | 14 id:8 number                          write-ahead logs from this number on are needed, those of this id;
 *                                                     none when the id is 0
 * number  --> unsigned LEB128      bytes --> number content     text --> UTF-8, up to the end of the field
 * </pre>
 *
 * <i>Example.</i> The first state of a store, which has nothing: {@code 02 01 00, 0E 02 00 00, 10 01 01}.
 */
public final class VersionEditCodec {
    private static final int LAST_SEQUENCE = 0x02;
    private static final int ADDED = 0x04;
    private static final int REMOVED = 0x06;
    private static final int MERGE_NAME = 0x08;
    private static final int COMMIT = 0x0E;
    private static final int NEXT_RANK = 0x10;
    private static final int KEPT = 0x12;
    private static final int LOGS = 0x14;

    private VersionEditCodec() {}

    public static byte[] encode(VersionEdit edit) {
        FieldWriter out = new FieldWriter();
        FieldListWriter fields = new FieldListWriter(out);
        if (edit.lastSequence() >= 0) {
            fields.field(LAST_SEQUENCE).number(edit.lastSequence());
        }
        for (VersionEdit.Added added : edit.added()) {
            FileMetaCodec.encode(added.file(), fields.repeatedField(ADDED).number(added.rank()));
        }
        for (VersionEdit.Removed removed : edit.removed()) {
            fields.repeatedField(REMOVED)
                    .number(removed.rank())
                    .fixed(removed.id().high())
                    .fixed(removed.id().low())
                    .string(removed.from());
        }
        if (edit.mergeName() != null) {
            fields.field(MERGE_NAME).bytes(edit.mergeName().getBytes(StandardCharsets.UTF_8));
        }
        if (edit.commit() != null) {
            fields.field(COMMIT)
                    .number(edit.commit().sequence())
                    .string(edit.commit().payload());
        }
        if (edit.nextRank() >= 0) {
            fields.field(NEXT_RANK).number(edit.nextRank());
        }
        if (edit.keptSequence() >= 0) {
            fields.field(KEPT).number(edit.keptSequence());
        }
        if (edit.logs() != null) {
            fields.field(LOGS).fixed(edit.logs().id()).number(edit.logs().first());
        }
        fields.end();
        return out.toByteArray();
    }

    /**
     * @param name name of the file, for messages
     * @param offset offset of the bytes in the file, for messages
     * @throws io.forebay.store.CorruptionException when the bytes cannot be an edit
     * @throws io.forebay.store.FormatTooNewException when there is a field that must be known and is not
     */
    public static VersionEdit decode(byte[] bytes, String name, long offset) {
        FieldListReader fields =
                new FieldListReader(new FieldReader(bytes, bytes.length, name, offset), "an edit", ADDED, REMOVED);
        VersionEdit edit = new VersionEdit();
        while (fields.next()) {
            FieldReader in = fields.content();
            switch (fields.tag()) {
                case LAST_SEQUENCE -> edit.lastSequence(in.number("a sequence number"));
                case ADDED -> edit.add(in.number("a rank"), FileMetaCodec.decode(in));
                case REMOVED ->
                    edit.remove(new VersionEdit.Removed(
                            in.number("a rank"), new FileId(in.fixed(), in.fixed()), in.string("length of a key")));
                case MERGE_NAME -> edit.mergeName(in.restAsText("the name of a merge function"));
                case COMMIT -> edit.commit(in.number("a sequence number"), in.string("length of a payload"));
                case NEXT_RANK -> edit.nextRank(in.number("a rank"));
                case KEPT -> edit.keep(in.number("a sequence number"));
                case LOGS -> edit.logs(new VersionEdit.Logs(in.fixed(), in.number("a log number")));
                default -> fields.skip();
            }
        }
        return edit;
    }
}
