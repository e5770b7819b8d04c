package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.WritableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.util.Failures;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.util.ScopedRead;
import io.forebay.store.version.manifest.ManifestReader;
import io.forebay.store.version.manifest.ManifestWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One manifest file, which says which files are the store: its first record is a whole state, and the others are edits
 * of it.
 *
 * <pre>
 * File name --> "MANIFEST-" number:16 decimal digits
 * Manifest  --> records (see ManifestRecords): Header Edit*
 * Header    --> magic:8 "FBMANIF1"  format version:4  Edit (the whole state)
 * </pre>
 *
 * <p>A manifest that was closed is never appended to: an open starts a new one with the next number. The older one is
 * deleted only when the new one is durable. So the manifest in force is the one with the highest number whose header is
 * whole; a crash has torn a higher one without a whole header before it counted.
 *
 * <p>Used by one thread at a time.
 */
final class Manifest implements Closeable {
    private static final long MAGIC = 0x46424D414E494631L;
    private static final int HEADER_BYTES = 12;
    private static final long FIRST_NUMBER = 1;
    private static final long LAST_NUMBER = 9_999_999_999_999_999L;
    /**
     * Numbers rise by one. No store has made a manifest whose number is so far above all others; after such a number
     * there would be none left.
     */
    private static final long FARTHEST_LEAP = 1_000_000_000_000_000L;

    private static final Pattern NAME = Pattern.compile("MANIFEST-(\\d{16})");

    private final ManifestWriter writer;
    private final String name;

    /** Bytes of the first record, which is the state at the creation of this manifest. */
    private final long headerBytes;

    private Manifest(ManifestWriter writer, String name) {
        this.writer = writer;
        this.name = name;
        this.headerBytes = writer.size();
    }

    /** Id of the master key that the manifest needs; null when it is not encrypted. */
    record Recovered(long number, long nextNumber, List<VersionEdit> edits, List<String> stale, String keyId) {}

    static boolean isName(String file) {
        return NAME.matcher(file).matches();
    }

    static Recovered recover(FileStore files, Encryption encryption) throws IOException {
        List<Long> numbers = new ArrayList<>();
        for (String file : files.list()) {
            Matcher matcher = NAME.matcher(file);
            if (matcher.matches()) {
                numbers.add(Long.parseLong(matcher.group(1)));
            }
        }
        numbers.sort(null);
        long next = numbers.isEmpty() ? FIRST_NUMBER : numbers.get(numbers.size() - 1) + 1;
        for (int i = numbers.size() - 1; i >= 0; i--) {
            ManifestReader reader = open(files, name(numbers.get(i)), encryption);
            List<VersionEdit> edits = read(reader, name(numbers.get(i)));
            if (edits != null) {
                long number = numbers.remove(i);
                requireNear(number, next - 1);
                return new Recovered(number, next, edits, names(numbers), reader.keyId());
            }
        }
        if (!numbers.isEmpty() && numbers.get(0) > FIRST_NUMBER) {
            throw new CorruptionException(
                    name(numbers.get(0)), 0, "a whole header, because it has replaced an older manifest", "none");
        }
        requireNear(0, next - 1);
        return new Recovered(-1, next, List.of(), names(numbers), null);
    }

    /**
     * All edits of all manifests in the directory.
     *
     * @throws CorruptionException when one of the manifests is damaged
     */
    static List<VersionEdit> allEdits(FileStore files, Encryption encryption, Recovered recovered) throws IOException {
        List<VersionEdit> all = new ArrayList<>(recovered.edits());
        for (String name : recovered.stale()) {
            List<VersionEdit> edits = read(open(files, name, encryption), name);
            if (edits != null) { // otherwise this manifest was never in force
                all.addAll(edits);
            }
        }
        return all;
    }

    /** Checked before anything is written with a number above {@code highest}. */
    private static void requireNear(long inForce, long highest) {
        if (highest - inForce > FARTHEST_LEAP || inForce > LAST_NUMBER - FARTHEST_LEAP) {
            throw new CorruptionException(
                    name(highest),
                    -1,
                    "no manifest so far above number " + inForce,
                    "a file of this name, which no store has made");
        }
    }

    /**
     * Called when there is no manifest. A store writes its manifest before any SST or value file.
     *
     * @throws CorruptionException when there are SSTs or value files
     */
    static void requireNoSsts(FileStore files) throws IOException {
        for (String name : files.list()) {
            if (FileId.isNameOfAny(name)) {
                throw new CorruptionException(name(1), -1, "a manifest beside SSTs like " + name, "none that is whole");
            }
        }
    }

    private static List<String> names(List<Long> numbers) {
        return numbers.stream().map(Manifest::name).toList();
    }

    /**
     * Starts a manifest with the whole state {@code state}; durable on return.
     *
     * @param id id of the manifest's records, never used before
     */
    static Manifest create(FileStore files, long number, long id, VersionEdit state, Encryption encryption)
            throws IOException {
        String name = name(number);
        FileCipher cipher = encryption.create(name);
        WritableFile file = files.create(name);
        try {
            ManifestWriter writer = new ManifestWriter(file, id, cipher);
            byte[] edit = VersionEditCodec.encode(state);
            ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES + edit.length);
            header.putLong(MAGIC).putInt(FormatVersion.CURRENT).put(edit);
            writer.append(header.array());
            writer.sync();
            files.syncDirectory();
            return new Manifest(writer, name);
        } catch (IOException | RuntimeException | Error e) {
            Failures.close(e, file);
            throw e;
        }
    }

    /** Appends an edit; durable on return. After a failure the manifest must not be used any more. */
    void append(VersionEdit edit) throws IOException {
        writer.append(VersionEditCodec.encode(edit));
        writer.sync();
    }

    long bytes() {
        return writer.size();
    }

    /** Bytes of the first record, which is the state at its creation. */
    long headerBytes() {
        return headerBytes;
    }

    /** Id of the master key that it needs; null for a plain one. */
    String keyId() {
        return writer.keyId();
    }

    String name() {
        return name;
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }

    static String name(long number) {
        return String.format(Locale.ROOT, "MANIFEST-%016d", number);
    }

    private static ManifestReader open(FileStore files, String name, Encryption encryption) throws IOException {
        try (ScopedRead file = ScopedRead.open(files, name)) {
            return new ManifestReader(file, name, encryption);
        }
    }

    /** All edits of a manifest, or null when its header is not whole. */
    private static List<VersionEdit> read(ManifestReader reader, String name) throws IOException {
        byte[] header = reader.next();
        if (header == null) {
            return null;
        }
        List<VersionEdit> edits = new ArrayList<>();
        edits.add(header(header, name, reader.contentPosition()));
        for (byte[] record = reader.next(); record != null; record = reader.next()) {
            edits.add(VersionEditCodec.decode(record, name, reader.contentPosition()));
        }
        return edits;
    }

    private static VersionEdit header(byte[] record, String name, long at) {
        if (record.length < HEADER_BYTES || ByteBuffer.wrap(record).getLong() != MAGIC) {
            throw new CorruptionException(name, at, "a manifest header", "other bytes");
        }
        int version = ByteBuffer.wrap(record).getInt(8);
        FormatVersion.check(version, "Manifest " + name, name, at + 8);
        return VersionEditCodec.decode(
                Arrays.copyOfRange(record, HEADER_BYTES, record.length), name, at + HEADER_BYTES);
    }
}
