package io.forebay.store.checkpoint;

import io.forebay.store.CheckpointDescription;
import io.forebay.store.CheckpointFile;
import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreIoException;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.version.VersionEditCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The state that a checkpoint fixes, as one edit that leads from an empty state to it, and its bytes:
 *
 * <pre>
 * Checkpoint --> magic:8 "FBCHKPT1"  format version:4  length of Edit:4  Edit  checksum:4
 *              | magic:8 "FBCHKPTX"  format version:4  length of Sealed:4  Sealed  checksum:4
 * Sealed     --> {@link KeyEnvelope}  {@link FileCipher message} that holds the Edit, at position 0
 * Edit       --> as in the manifest: files with their ranks and visible ranges, last sequence number, commit
 *                (that sequence number and the payload of the checkpoint), name of the merge function
 * checksum   --> CRC-32C of all bytes before it, masked
 * </pre>
 *
 * <p>The second form is that of a store with encryption. Numbers are big-endian. The format version is that of manifests
 * and files. Immutable.
 */
public final class CheckpointManifest {
    /** Name of the file that {@code Checkpoint.writeTo} writes these bytes to. */
    public static final String FILE_NAME = "CHECKPOINT";

    private static final long MAGIC = 0x464243484B505431L;
    private static final long ENCRYPTED_MAGIC = 0x464243484B505458L;
    private static final int HEADER_BYTES = 16;
    private static final int CHECKSUM_BYTES = 4;

    private final VersionEdit state;
    private final List<CheckpointFile> files;
    /**
     * Id of the master key of the bytes from which this was decoded; null when they were not encrypted, or when it was
     * not decoded.
     */
    private final String keyId;

    private CheckpointManifest(VersionEdit state, String keyId) {
        this.state = state;
        this.keyId = keyId;
        this.files = physicalFiles(state);
    }

    /** @param state nothing is removed in it; it has a last sequence number and a commit */
    public static CheckpointManifest of(VersionEdit state) {
        if (!state.removed().isEmpty() || state.commit() == null || state.lastSequence() < 0) {
            throw new IllegalArgumentException("Not the whole state of a checkpoint");
        }
        return new CheckpointManifest(state, null);
    }

    /** Files with their ranks and visible ranges. Without open files when this was decoded. */
    public List<VersionEdit.Added> added() {
        return state.added();
    }

    public byte[] payload() {
        return state.commit().payload();
    }

    public long lastSequence() {
        return state.lastSequence();
    }

    /** Null when the store has no merge function. */
    public String mergeName() {
        return state.mergeName();
    }

    /** The physical files, SSTs and value files, each once, in the order of their names. */
    public List<CheckpointFile> files() {
        return files;
    }

    public CheckpointDescription description() {
        long entries = 0;
        Set<String> keyIds = new TreeSet<>();
        for (VersionEdit.Added added : state.added()) {
            entries = sum(entries, added.file().entries());
            if (added.file().keyId() != null) {
                keyIds.add(added.file().keyId());
            }
            for (ValueShare share : added.file().info().valueFiles()) {
                if (share.keyId() != null) {
                    keyIds.add(share.keyId());
                }
            }
        }
        if (keyId != null) {
            keyIds.add(keyId);
        }
        return new CheckpointDescription(files, payload().clone(), entries, keyIds);
    }

    /** The sum of counts, which may be those of a forged file: at most {@link Long#MAX_VALUE}. */
    private static long sum(long a, long b) {
        long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    /** Encodes without encryption. */
    public byte[] encode() {
        return encode(Encryption.NONE);
    }

    /**
     * Encodes with encryption if that is on, with a new data key at every call.
     *
     * @throws StoreIoException when the key service cannot be reached
     */
    public byte[] encode(Encryption encryption) {
        byte[] edit = VersionEditCodec.encode(state);
        FileCipher cipher;
        try {
            cipher = encryption.create(FILE_NAME);
        } catch (IOException e) {
            throw new StoreIoException("Wrapping the data key of checkpoint metadata failed", e);
        }
        byte[] content = cipher == null ? edit : sealed(edit, cipher);
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + content.length + CHECKSUM_BYTES);
        out.putLong(cipher == null ? MAGIC : ENCRYPTED_MAGIC).putInt(FormatVersion.CURRENT);
        out.putInt(content.length).put(content);
        out.putInt(Crc32c.masked(out.array(), 0, out.position()));
        return out.array();
    }

    private static byte[] sealed(byte[] edit, FileCipher cipher) {
        int messageAt = cipher.envelope().length();
        byte[] sealed = new byte[messageAt + edit.length + FileCipher.TAG_BYTES];
        cipher.envelope().write(sealed, 0);
        cipher.seal(0, FileCipher.KIND_CHECKPOINT, edit, 0, edit.length, sealed, messageAt);
        return sealed;
    }

    /** As {@link #decode(byte[], Encryption)}, for metadata that is not encrypted. */
    public static CheckpointManifest decode(byte[] bytes) {
        return decode(bytes, Encryption.NONE);
    }

    /**
     * @throws CorruptionException when the bytes are not what {@link #encode} made
     * @throws FormatTooNewException when a newer version of Forebay made them
     * @throws FormatTooOldException when a build before the first release made them
     * @throws io.forebay.store.EncryptionException when they are encrypted and there is no key for them, or are not
     *     encrypted and refused
     * @throws StoreIoException when the key service cannot be reached
     */
    public static CheckpointManifest decode(byte[] bytes, Encryption encryption) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) {
            throw corrupt(
                    bytes.length, "at least " + (HEADER_BYTES + CHECKSUM_BYTES) + " bytes", bytes.length + " bytes");
        }
        long magic = in.getLong();
        if (magic != MAGIC && magic != ENCRYPTED_MAGIC) {
            throw corrupt(0, "the magic of a checkpoint", "other bytes");
        }
        int computed = Crc32c.masked(bytes, 0, bytes.length - CHECKSUM_BYTES);
        int stored = in.getInt(bytes.length - CHECKSUM_BYTES);
        if (computed != stored) {
            throw corrupt(
                    bytes.length - CHECKSUM_BYTES,
                    "checksum " + Integer.toHexString(computed),
                    Integer.toHexString(stored));
        }
        int version = in.getInt();
        FormatVersion.check(version, "Checkpoint metadata", FILE_NAME, 8);
        int length = in.getInt();
        if (length != bytes.length - HEADER_BYTES - CHECKSUM_BYTES) {
            throw corrupt(12, (bytes.length - HEADER_BYTES - CHECKSUM_BYTES) + " bytes of state", length + " bytes");
        }
        byte[] content = Arrays.copyOfRange(bytes, HEADER_BYTES, HEADER_BYTES + length);
        String keyId = null;
        if (magic == ENCRYPTED_MAGIC) {
            KeyEnvelope envelope = KeyEnvelope.read(content, 0, content.length, FILE_NAME, HEADER_BYTES);
            keyId = envelope.keyId();
            content = opened(content, envelope, encryption);
        } else {
            encryption.checkPlain(FILE_NAME);
        }
        VersionEdit state = VersionEditCodec.decode(content, FILE_NAME, HEADER_BYTES);
        if (!state.removed().isEmpty() || state.commit() == null || state.lastSequence() < 0) {
            throw corrupt(HEADER_BYTES, "a whole state with a commit", "an edit");
        }
        requireRuns(state);
        if (keyId == null) {
            state.added().forEach(added -> requirePlain(added.file()));
        }
        return new CheckpointManifest(state, keyId);
    }

    private static void requirePlain(FileMeta file) {
        requirePlain(file.id().name(), file.keyId());
        file.info().valueFiles().forEach(share -> requirePlain(FileId.of(share).valueFileName(), share.keyId()));
    }

    private static void requirePlain(String name, String fileKeyId) {
        if (fileKeyId != null) {
            throw corrupt(HEADER_BYTES, "encrypted metadata, because " + name + " is encrypted", "plain metadata");
        }
    }

    private static byte[] opened(byte[] sealed, KeyEnvelope envelope, Encryption encryption) {
        FileCipher cipher;
        try {
            cipher = encryption.open(envelope, FILE_NAME, HEADER_BYTES);
        } catch (IOException e) {
            throw new StoreIoException("Unwrapping the data key of checkpoint metadata failed", e);
        }
        int length = sealed.length - envelope.length();
        byte[] edit = new byte[Math.max(0, length - FileCipher.TAG_BYTES)];
        int at = envelope.length();
        cipher.open(0, FileCipher.KIND_CHECKPOINT, sealed, at, length, edit, 0, HEADER_BYTES + at);
        return edit;
    }

    private static void requireRuns(VersionEdit state) {
        Map<Long, List<FileMeta>> runs = new LinkedHashMap<>();
        for (VersionEdit.Added added : state.added()) {
            runs.computeIfAbsent(added.rank(), rank -> new ArrayList<>()).add(added.file());
        }
        try {
            runs.forEach(SortedRun::new);
        } catch (IllegalArgumentException e) {
            throw corrupt(HEADER_BYTES, "runs of files that do not overlap", e.getMessage());
        }
    }

    private static CorruptionException corrupt(long offset, String expected, String found) {
        return new CorruptionException(FILE_NAME, offset, expected, found);
    }

    private static List<CheckpointFile> physicalFiles(VersionEdit state) {
        Map<String, CheckpointFile> byName = new TreeMap<>();
        for (VersionEdit.Added added : state.added()) {
            FileMeta file = added.file();
            add(file.id().name(), file.fileBytes(), file.range(), byName);
            for (ValueShare share : file.info().valueFiles()) {
                add(FileId.of(share).valueFileName(), share.fileBytes(), file.range(), byName);
            }
        }
        return List.copyOf(byName.values());
    }

    private static void add(String name, long bytes, KeyRange range, Map<String, CheckpointFile> into) {
        into.merge(
                name,
                new CheckpointFile(name, bytes, range),
                (one, other) -> new CheckpointFile(name, one.bytes(), hull(one.range(), other.range())));
    }

    private static KeyRange hull(KeyRange one, KeyRange other) {
        byte[] from = Arrays.compareUnsigned(one.from(), other.from()) <= 0 ? one.from() : other.from();
        boolean open = one.to() == null || other.to() == null;
        byte[] to = open ? null : Arrays.compareUnsigned(one.to(), other.to()) >= 0 ? one.to() : other.to();
        return KeyRange.of(from, to);
    }
}
