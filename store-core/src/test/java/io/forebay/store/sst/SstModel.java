package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ValueBuffer;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** What a file must hold: its entries in internal order and its range deletes, with the plainest way to read them. */
final class SstModel {
    static final long NO_LIMIT = Long.MAX_VALUE;

    final List<Entry> entries;
    final List<Fragment> tombstones;

    SstModel(List<Entry> entries, List<Fragment> tombstones) {
        this.entries = List.copyOf(entries);
        this.tombstones = List.copyOf(tombstones);
    }

    /** Writes the file; its bytes are {@link #bytes}. */
    SstProperties write(FileStore files, String name, int blockBytes, int bloomBitsPerKey) throws IOException {
        return write(files, name, Encryption.NONE, Compression.NONE, blockBytes, bloomBitsPerKey);
    }

    SstProperties write(FileStore files, String name, Encryption encryption, int blockBytes, int bloomBitsPerKey)
            throws IOException {
        return write(files, name, encryption, Compression.NONE, blockBytes, bloomBitsPerKey);
    }

    SstProperties write(
            FileStore files,
            String name,
            Encryption encryption,
            Compression compression,
            int blockBytes,
            int bloomBitsPerKey)
            throws IOException {
        FileCipher cipher = encryption.create(name);
        SstWriter writer =
                new SstWriter(files.create(name), name, cipher, null, compression, blockBytes, bloomBitsPerKey, 1234);
        addTo(writer);
        return writer.finish();
    }

    /** Gives all entries and range deletes to a writer. */
    void addTo(SstWriter writer) throws IOException {
        int half = tombstones.size() / 2;
        tombstones.subList(0, half).forEach(writer::addTombstone);
        boolean fromSlab = false;
        for (Entry entry : entries) {
            byte[] key = padded(entry.key());
            byte[] value = padded(entry.value());
            int valueLength = entry.value().length;
            if (fromSlab) {
                Slab slab = valueLength == 0 ? null : new Slab(ByteBuffer.wrap(value));
                writer.add(key, 3, entry.key().length, entry.sequence(), entry.kind(), slab, 3, valueLength);
            } else {
                writer.add(key, 3, entry.key().length, entry.sequence(), entry.kind(), value, 3, valueLength);
            }
            if (isCovered(entry)) {
                writer.covered();
            }
            fromSlab = !fromSlab;
        }
        tombstones.subList(half, tombstones.size()).forEach(writer::addTombstone);
    }

    private boolean isCovered(Entry entry) {
        return tombstones.stream()
                .anyMatch(tombstone -> tombstone.sequences()[0] > entry.sequence()
                        && KeyRange.of(tombstone.start(), tombstone.end()).contains(entry.key()));
    }

    byte[] bytes(int blockBytes, int bloomBitsPerKey) {
        return bytes(Compression.NONE, blockBytes, bloomBitsPerKey);
    }

    byte[] bytes(Compression compression, int blockBytes, int bloomBitsPerKey) {
        FileStore files = new MemoryFileStore();
        try {
            write(files, "f", Encryption.NONE, compression, blockBytes, bloomBitsPerKey);
            return bytes(files, "f");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(FileStore files, String name) throws IOException {
        try (var file = files.open(name)) {
            ByteBuffer all = ByteBuffer.allocate((int) file.size());
            file.read(0, all);
            return all.array();
        }
    }

    /** The same bytes in the middle of an array, so that offsets are used. */
    private static byte[] padded(byte[] bytes) {
        byte[] padded = new byte[bytes.length + 8];
        Arrays.fill(padded, (byte) 0x5A);
        System.arraycopy(bytes, 0, padded, 3, bytes.length);
        return padded;
    }

    List<Entry> visible(KeyRange range, long overrideSequence) {
        List<Entry> visible = new ArrayList<>();
        for (Entry entry : entries) {
            if (range.contains(entry.key())) {
                visible.add(entry.at(overrideSequence));
            }
        }
        return visible;
    }

    /**
     * Reads all entries; each is right, or damage is found, in the file {@code name}.
     *
     * @return whether damage was found
     */
    boolean findsDamage(InternalIterator iterator, String name) throws IOException {
        try (iterator) {
            int at = 0;
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                if (!Entry.current(iterator).equals(entries.get(at))) {
                    throw new AssertionError("Expected " + entries.get(at) + ", found " + Entry.current(iterator));
                }
                at++;
            }
            assertThat(at).isEqualTo(entries.size());
            return false;
        } catch (CorruptionException e) {
            assertThat(e.file()).isEqualTo(name);
            return true;
        }
    }

    /**
     * Looks up a key; the answer is right, or damage is found.
     *
     * @return whether damage was found
     */
    boolean findsDamage(SstReader reader, byte[] key) throws IOException {
        Answer answer;
        try {
            answer = Answer.of(reader, key, NO_LIMIT, -1);
        } catch (CorruptionException e) {
            return true;
        }
        assertThat(answer).isEqualTo(get(key, NO_LIMIT, -1));
        return false;
    }

    /** The answer to a point read as far as one file can give it. */
    record Answer(boolean settled, boolean found, List<String> operands) {
        static Answer of(SstReader reader, byte[] key, long limit, long overrideSequence) throws IOException {
            byte[] padded = padded(key);
            PointLookup lookup = new PointLookup();
            ValueBuffer target = new ValueBuffer();
            lookup.start(padded, 3, key.length, KeyHash.of(key, 0, key.length), limit, target);
            boolean settled = reader.get(lookup, overrideSequence);
            List<byte[]> values = lookup.operandsNewestFirst();
            if (lookup.isFound() && values.isEmpty()) {
                values = List.of(target.toByteArray());
            }
            return new Answer(settled, lookup.isFound(), digests(values));
        }

        private static List<String> digests(List<byte[]> values) {
            return values.stream()
                    .map(value -> value.length + ":" + Arrays.hashCode(value))
                    .toList();
        }
    }

    Answer get(byte[] key, long limit, long overrideSequence) {
        if (overrideSequence > limit) {
            return new Answer(false, false, List.of());
        }
        long covered = -1;
        for (Fragment tombstone : tombstones) {
            if (KeyRange.of(tombstone.start(), tombstone.end()).contains(key)) {
                long newest = overrideSequence >= 0 ? overrideSequence : tombstone.newestAtOrBelow(limit);
                covered = Math.max(covered, newest);
            }
        }
        List<byte[]> values = new ArrayList<>();
        boolean settled = false;
        for (Entry plain : entries) {
            Entry entry = plain.at(overrideSequence);
            if (settled || !Arrays.equals(entry.key(), key) || entry.sequence() > limit) {
                continue;
            }
            if (entry.sequence() < covered || entry.kind() == ValueKind.DELETE) {
                settled = true;
            } else {
                values.add(entry.value());
                settled = entry.kind() == ValueKind.PUT;
            }
        }
        return new Answer(settled || covered >= 0, !values.isEmpty(), Answer.digests(values));
    }

    @Override
    public String toString() {
        return entries.size() + " entries, " + tombstones.size() + " range deletes, hash "
                + Integer.toHexString(Objects.hash(entries));
    }
}
