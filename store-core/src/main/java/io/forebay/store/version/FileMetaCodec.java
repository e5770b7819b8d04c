package io.forebay.store.version;

import io.forebay.store.FormatTooNewException;
import io.forebay.store.KeyRange;
import io.forebay.store.key.KeyText;
import io.forebay.store.sst.EventTimes;
import io.forebay.store.sst.Expiry;
import io.forebay.store.sst.Superseded;
import io.forebay.store.sst.TailSizes;
import io.forebay.store.util.FieldListReader;
import io.forebay.store.util.FieldListWriter;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.values.ValueShare;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The bytes of a file in an edit, and so in a manifest and in the metadata of a checkpoint.
 *
 * <pre>
 * File  --> id:16 number(bytes) Field*               a {@link FieldListWriter list of fields}
 * Field --> 01 number                                creation, milliseconds since the epoch
 *         | 02 bytes(from) [bytes(to)]               visible range; to: the first key after it, if it has an end
 *         | 03 number                                tail offset: where the data blocks end
 *         | 04 virtual:1 [number]                    0 or 1; the sequence number that all entries count as, if there is one
 *         | 05 {@link Expiry}
 *         | 06 text                                  id of the master key, if the file is encrypted
 *         | 07 {@link EventTimes}
 *         | 08 Place                                 where the file is; not there: 00
 *         | 09 {@link TailSizes}
 *         | 0A {@link ValueShare Shares}                value files
 *         | 0B number(bytes of keys and values) {@link Superseded}
 *         | 0C number(min sequence) number(max sequence) number(entries) number(deletes) number(range deletes)
 * Place --> 00                                       a file of the directory of the store
 *         | 01 origin:16 bytes(object) number(offset)  a part of an object of the store "origin"
 * </pre>
 *
 * Fields 02 and 0C are always there, and the others only when they say something. Counts and sequence numbers are those of the
 * whole SST, also when the file is virtual.
 *
 * <p><i>Example.</i> A plain file of 70,000 bytes that shows ["a", end), with sequence numbers 5 to 9, 3 entries, no deletes, created
 * at 0: the id, then {@code F0 A2 04, 02 02 01 61, 0C 05 05 09 03 00 00}.
 *
 * <p>A file that is not in the directory is refused by name: this version has no object storage.
 */
final class FileMetaCodec {
    private static final int CREATION = 0x01;
    private static final int RANGE = 0x02;
    private static final int TAIL_OFFSET = 0x03;
    private static final int VIEW = 0x04;
    private static final int EXPIRY = 0x05;
    private static final int KEY_ID = 0x06;
    private static final int EVENT_TIMES = 0x07;
    private static final int PLACE = 0x08;
    private static final int TAIL_SIZES = 0x09;
    private static final int VALUE_FILES = 0x0A;
    private static final int SUPERSEDED = 0x0B;
    private static final int COUNTS = 0x0C;

    private static final int LOCAL = 0;
    private static final int IN_OBJECT = 1;
    private static final int MAX_OBJECT_NAME_BYTES = 1024;

    private FileMetaCodec() {}

    static void encode(FileMeta file, FieldWriter out) {
        SstInfo info = file.info();
        out.fixed(file.id().high()).fixed(file.id().low()).number(file.fileBytes());
        FieldListWriter fields = new FieldListWriter(out);
        if (info.creationMillis() != 0) {
            fields.field(CREATION).number(info.creationMillis());
        }
        FieldWriter range = fields.field(RANGE).string(file.range().from());
        if (file.range().to() != null) {
            range.string(file.range().to());
        }
        if (info.tailOffset() >= 0) {
            fields.field(TAIL_OFFSET).number(info.tailOffset());
        }
        if (file.virtual() || file.overrideSequence() >= 0) {
            FieldWriter view = fields.field(VIEW).octet(file.virtual() ? 1 : 0);
            if (file.overrideSequence() >= 0) {
                view.number(file.overrideSequence());
            }
        }
        if (info.expiry() != null) {
            info.expiry().write(fields.field(EXPIRY));
        }
        if (info.keyId() != null) {
            fields.field(KEY_ID).bytes(info.keyId().getBytes(StandardCharsets.UTF_8));
        }
        if (info.eventTimes() != null) {
            info.eventTimes().write(fields.field(EVENT_TIMES));
        }
        if (info.tailSizes() != null) {
            info.tailSizes().write(fields.field(TAIL_SIZES));
        }
        if (!info.valueFiles().isEmpty()) {
            ValueShare.write(info.valueFiles(), fields.field(VALUE_FILES));
        }
        if (info.superseded() != null) {
            info.superseded()
                    .write(fields.field(SUPERSEDED).number(info.superseded().allBytes()));
        }
        fields.field(COUNTS)
                .number(info.minSequence())
                .number(info.maxSequence())
                .number(info.entries())
                .number(info.pointDeletes())
                .number(info.rangeDeletes());
        fields.end();
    }

    /** @param in up to the end of the file's fields */
    static FileMeta decode(FieldReader in) {
        Decoder decoder = new Decoder(in);
        FieldListReader fields = new FieldListReader(in, "a file in an edit");
        while (fields.next()) {
            decoder.read(fields);
        }
        return decoder.finish(in);
    }

    /** What was read so far. */
    private static final class Decoder {
        private final FileId id;
        private final long bytes;
        private long creationMillis;
        private KeyRange range;
        private boolean virtual;
        private long overrideSequence = -1;
        private Expiry expiry;
        private String keyId;
        private EventTimes eventTimes;
        private long tailOffset = -1;
        private TailSizes tailSizes;
        private List<ValueShare> valueFiles = List.of();
        private Superseded superseded;
        private long minSequence = -1;
        private long maxSequence;
        private long entries;
        private long pointDeletes;
        private long rangeDeletes;

        Decoder(FieldReader in) {
            id = new FileId(in.fixed(), in.fixed());
            bytes = in.number("a file length");
        }

        void read(FieldListReader fields) {
            FieldReader in = fields.content();
            switch (fields.tag()) {
                case CREATION -> creationMillis = in.number();
                case RANGE -> readRange(in);
                case TAIL_OFFSET -> tailOffset = in.number("a tail offset");
                case VIEW -> {
                    virtual = in.number("virtual", 0, 1) == 1;
                    overrideSequence = in.hasMore() ? in.number("a sequence number") : -1;
                }
                case EXPIRY -> expiry = Expiry.read(in);
                case KEY_ID -> keyId = in.restAsText("the id of a key");
                case EVENT_TIMES -> eventTimes = EventTimes.read(in);
                case PLACE -> checkPlace(in);
                case TAIL_SIZES -> tailSizes = TailSizes.read(in);
                case VALUE_FILES -> valueFiles = ValueShare.read(in);
                case SUPERSEDED ->
                    superseded =
                            Superseded.read(in, in.number("bytes of keys and values"), ValueShare.bytes(valueFiles));
                case COUNTS -> {
                    minSequence = in.number("a sequence number");
                    maxSequence = in.number("a sequence number");
                    entries = in.number("a number of entries");
                    pointDeletes = in.number("a number of deletes");
                    rangeDeletes = in.number("a number of range deletes");
                }
                default -> fields.skip();
            }
        }

        private void readRange(FieldReader in) {
            byte[] from = in.string("length of a key");
            byte[] to = in.hasMore() ? in.string("length of a key") : null;
            range = KeyRange.of(from, to);
            if (range.isEmpty()) {
                throw in.corrupt("a range that holds keys", KeyText.HIDDEN.of(range));
            }
        }

        private void checkPlace(FieldReader in) {
            if (in.number("kind of a place", LOCAL, IN_OBJECT) == LOCAL) {
                return;
            }
            FileId origin = new FileId(in.fixed(), in.fixed());
            String object = in.text("the name of an object", MAX_OBJECT_NAME_BYTES);
            long offset = in.number("an offset in an object");
            in.end();
            throw new FormatTooNewException("File " + in.file() + " lists " + id.name() + " at offset " + offset
                    + " of object \"" + object + "\" of the store " + origin.digits()
                    + ". This version of Forebay reads only files that are in the directory of the store."
                    + " Open the store with the version that wrote it.");
        }

        FileMeta finish(FieldReader in) {
            if (range == null || minSequence < 0) {
                throw in.corrupt("a visible range and counts of file " + id, "not both of them");
            }
            SstInfo info = new SstInfo(
                    bytes,
                    minSequence,
                    maxSequence,
                    entries,
                    pointDeletes,
                    rangeDeletes,
                    creationMillis,
                    keyId,
                    expiry,
                    eventTimes,
                    tailOffset,
                    tailSizes,
                    valueFiles,
                    superseded);
            return new FileMeta(id, info, range, virtual, overrideSequence, null);
        }
    }
}
