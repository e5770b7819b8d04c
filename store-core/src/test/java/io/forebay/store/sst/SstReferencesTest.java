package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PassedValue;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import io.forebay.store.values.ValueReference;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Entries whose values are in value files, as readers, cursors and the verifier see them. */
class SstReferencesTest {
    private static final int KEYS = 300;
    private static final int LENGTH = 100;

    private final MemoryFileStore files = new MemoryFileStore();
    private final SlabPool pool = new SlabPool(new HeapSlabs(), 8 << 20);
    private final BlockCache cache = new BlockCache(pool);
    private final Values first = new Values(1);
    private final Values second = new Values(2);

    /** Values by offset, each its offset repeated. */
    private static final class Values implements ValueFile {
        final long id;
        final Map<Long, Integer> lengths = new HashMap<>();
        long end = 8;
        int reads;

        Values(long id) {
            this.id = id;
        }

        ValueReference add(int place, int length) {
            long offset = end;
            lengths.put(offset, length);
            end += storedBytes(length);
            return new ValueReference(place, offset, length);
        }

        static byte[] value(long id, long offset, int length) {
            byte[] value = new byte[length];
            Arrays.fill(value, (byte) (offset * 31 + id));
            return value;
        }

        @Override
        public void read(long offset, int length, ValueBuffer into) {
            reads++;
            if (!Integer.valueOf(length).equals(lengths.get(offset))) {
                throw new CorruptionException("values", offset, "a value", "none of " + length + " bytes");
            }
            System.arraycopy(value(id, offset, length), 0, into.reset(length), 0, length);
        }

        @Override
        public ValueShare share(long bytes) {
            return new ValueShare(0, id, 1 << 20, 60, bytes, null);
        }

        @Override
        public long storedBytes(int length) {
            return length + 4L;
        }

        @Override
        public long valuesEnd() {
            return end;
        }

        @Override
        public void readStored(long offset, int length, Slab into, int at) {
            reads++;
            assertThat(offset).isNotNegative();
            assertThat(offset + length).isLessThanOrEqualTo(end);
            byte[] all = new byte[(int) end];
            lengths.forEach((from, bytes) -> System.arraycopy(value(id, from, bytes), 0, all, from.intValue(), bytes));
            into.put(at, all, (int) offset, length);
        }

        @Override
        public void take(long offset, int length, Slab stored, int at, byte[] into, int intoAt) {
            ValueBuffer value = new ValueBuffer();
            take(offset, length, stored, at, value);
            System.arraycopy(value.array(), 0, into, intoAt, length);
        }

        @Override
        public void take(long offset, int length, Slab stored, int at, ValueBuffer into) {
            if (!Integer.valueOf(length).equals(lengths.get(offset))) {
                throw new CorruptionException("values", offset, "a value", "none of " + length + " bytes");
            }
            stored.get(at, into.reset(length), 0, length);
        }
    }

    private static byte[] key(int i) {
        return String.format("key-%05d", i).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    /** Every third value in the first file, every third in the second, the others in the SST. */
    private Map<Integer, byte[]> write(long shareOfFirst) throws IOException {
        Map<Integer, byte[]> expected = new HashMap<>();
        SstWriter writer = new SstWriter(files.create("f"), "f", 512, 10, 7);
        long[] bytes = new long[2];
        for (int i = 0; i < KEYS; i++) {
            byte[] key = key(i);
            if (i % 3 == 2) {
                byte[] value = {(byte) i, 1};
                writer.add(key, 0, key.length, 5, ValueKind.PUT, value, 0, value.length);
                expected.put(i, value);
            } else {
                Values file = i % 3 == 0 ? first : second;
                ValueReference place = file.add(i % 3, LENGTH + i);
                writer.addReference(key, 0, key.length, 5, place);
                bytes[i % 3] += file.storedBytes(place.length());
                expected.put(i, Values.value(file.id, place.offset(), place.length()));
            }
        }
        writer.valueFiles(List.of(first.share(shareOfFirst < 0 ? bytes[0] : shareOfFirst), second.share(bytes[1])));
        writer.finish();
        return expected;
    }

    private SstReader open(ReadableFile file, ValueFile... values) throws IOException {
        return SstReader.open(file, "f", values, cache, pool, Encryption.NONE, null, SstMetadata.UNKNOWN);
    }

    private static byte[] get(SstReader reader, byte[] key, long limit, long tombstone) throws IOException {
        PointLookup lookup = new PointLookup();
        ValueBuffer into = new ValueBuffer(0);
        lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), limit, into);
        if (tombstone >= 0) {
            lookup.coveredBy(tombstone);
        }
        reader.get(lookup, -1);
        return lookup.isFound() && lookup.operandsNewestFirst().isEmpty() ? into.toByteArray() : null;
    }

    @Test
    void readersAndCursorsOfUsersSeeTheValues() throws IOException {
        Map<Integer, byte[]> expected = write(-1);
        try (ReadableFile file = files.open("f");
                SstReader reader = open(file, first, second)) {
            for (int i = 0; i < KEYS; i++) {
                assertThat(get(reader, key(i), 9, -1)).isEqualTo(expected.get(i));
            }
            for (boolean cached : new boolean[] {true, false}) {
                try (InternalIterator cursor =
                        cached ? reader.iterator(KeyRange.all(), -1) : reader.scanIterator(KeyRange.all(), -1)) {
                    int i = 0;
                    for (cursor.seekToFirst(); cursor.isValid(); cursor.next(), i++) {
                        check(cursor, expected.get(i));
                    }
                    for (cursor.seekToLast(); cursor.isValid(); cursor.prev()) {
                        check(cursor, expected.get(--i));
                    }
                    cursor.seek(key(100), 0, key(100).length);
                    check(cursor, expected.get(100));
                }
            }
        }
    }

    /** Forwards and backwards; the files are about 20 KiB each. */
    @Test
    void aScanReadsManyValuesAtOnce() throws IOException {
        Map<Integer, byte[]> expected = write(-1);
        for (boolean backwards : new boolean[] {false, true}) {
            first.reads = 0;
            second.reads = 0;
            try (ReadableFile file = files.open("f");
                    SstReader reader = open(file, first, second);
                    InternalIterator cursor = reader.iterator(KeyRange.all(), -1)) {
                scan(cursor, expected, backwards);
                assertThat(first.reads + second.reads).isBetween(4, 20);
                assertThat(pool.used(SlabPool.Use.METADATA)).isPositive();
                cursor.seekToFirst();
                assertThat(pool.used(SlabPool.Use.METADATA)).isZero();
                scan(cursor, expected, backwards);
            }
            assertThat(pool.used(SlabPool.Use.METADATA)).isZero();
        }
    }

    private static void scan(InternalIterator cursor, Map<Integer, byte[]> expected, boolean backwards)
            throws IOException {
        ValueBuffer into = new ValueBuffer();
        int i = backwards ? KEYS : -1;
        for (start(cursor, backwards); i != (backwards ? 1 : KEYS - 2); step(cursor, backwards)) {
            i += backwards ? -1 : 1;
            for (int times = i % 3; times >= 0; times--) { // some values are asked for more than once
                cursor.copyValue(into);
                assertThat(into.toByteArray()).isEqualTo(expected.get(i));
            }
        }
    }

    private static void start(InternalIterator cursor, boolean backwards) throws IOException {
        if (backwards) {
            cursor.seekToLast();
        } else {
            cursor.seekToFirst();
        }
    }

    private static void step(InternalIterator cursor, boolean backwards) throws IOException {
        if (backwards) {
            cursor.prev();
        } else {
            cursor.next();
        }
    }

    /** Some values are asked for, in either direction, and the walk turns round at any time. */
    @Test
    void anyWalkSeesTheValues() throws IOException {
        Map<Integer, byte[]> expected = write(-1);
        Seeded.run(SstReferencesTest.class, 200, random -> {
            try (ReadableFile file = files.open("f");
                    SstReader reader = open(file, first, second);
                    InternalIterator cursor = reader.iterator(KeyRange.all(), -1)) {
                int i = 0;
                PassedValue passed = null;
                int passedAt = 0;
                cursor.seekToFirst();
                for (int walk = 0; walk < 20; walk++) {
                    int steps = random.nextInt(60);
                    boolean backwards = random.nextBoolean();
                    boolean wanted = random.nextInt(3) > 0;
                    for (int n = 0; n < steps && (backwards ? i > 0 : i < KEYS - 1); n++) {
                        step(cursor, backwards);
                        i += backwards ? -1 : 1;
                        if (passed != null && random.nextInt(3) == 0) {
                            ValueBuffer into = new ValueBuffer();
                            passed.read(into);
                            assertThat(into.toByteArray()).isEqualTo(expected.get(passedAt));
                        }
                        if (wanted && random.nextInt(4) == 0) {
                            passed = cursor.passedValue();
                            passedAt = i;
                            assertThat(passed == null).isEqualTo(i % 3 == 2);
                        } else if (wanted) {
                            check(cursor, expected.get(i));
                        }
                    }
                }
            }
        });
        assertThat(pool.used(SlabPool.Use.METADATA)).isZero();
    }

    /** Many scans that stand still leave memory to others, and read on without. */
    @Test
    void withoutMemoryEachValueIsReadAlone() throws IOException {
        Map<Integer, byte[]> expected = write(-1);
        List<InternalIterator> cursors = new ArrayList<>();
        try (ReadableFile file = files.open("f");
                SstReader reader = open(file, first, second)) {
            for (int i = 0; i < 100; i++) {
                cursors.add(reader.iterator(KeyRange.all(), -1));
                scan(cursors.get(i), expected, i % 2 == 0);
                assertThat(pool.used(SlabPool.Use.METADATA)).isLessThanOrEqualTo(pool.budget() / 4);
            }
            cursors.forEach(InternalIterator::letGo);
            assertThat(pool.used(SlabPool.Use.METADATA)).isZero();
        } finally {
            cursors.forEach(InternalIterator::close);
        }
    }

    /** References of a damaged SST to parts of values, or beyond them, are refused, in a window and elsewhere. */
    @Test
    void aReferenceInAWindowIsCheckedAsAnyOther() throws IOException {
        write(-1);
        try (ReadableFile file = files.open("f");
                SstReader reader = open(file, first, second);
                InternalIterator cursor = reader.iterator(KeyRange.all(), -1)) {
            ValueBuffer into = new ValueBuffer();
            cursor.seekToFirst();
            for (int i = 0; i < 30; i++, cursor.next()) {
                cursor.copyValue(into);
            }
            int reads = first.reads;
            first.lengths.clear();
            assertThat(cursor.passedValue()).isNotNull();
            assertThatThrownBy(() -> cursor.copyValue(into)).isInstanceOf(CorruptionException.class);
            assertThat(first.reads).isEqualTo(reads);
        }
    }

    private static void check(InternalIterator cursor, byte[] expected) throws IOException {
        assertThat(cursor.kind()).isEqualTo(ValueKind.PUT);
        assertThat(cursor.valueLength()).isEqualTo(expected.length);
        assertThat(cursor.copyValue()).isEqualTo(expected);
        ValueBuffer into = new ValueBuffer();
        cursor.copyValue(into);
        assertThat(into.toByteArray()).isEqualTo(expected);
    }

    @Test
    void cursorsOfJobsShowThePlacesAndReadNothing() throws IOException {
        Map<Integer, byte[]> expected = write(-1);
        try (ReadableFile file = files.open("f");
                SstReader reader = open(file, first, second);
                SstIterator cursor = new SstIterator(new OneFile(reader, KeyRange.all(), -1), null)) {
            int i = 0;
            for (cursor.seekToFirst(); cursor.isValid(); cursor.next(), i++) {
                assertThat(cursor.valueLength()).isEqualTo(expected.get(i).length);
                if (i % 3 == 2) {
                    assertThat(cursor.kind()).isEqualTo(ValueKind.PUT);
                } else {
                    assertThat(cursor.kind()).isEqualTo(ValueKind.REFERENCE);
                    assertThat(cursor.valueFile()).isSameAs(i % 3 == 0 ? first : second);
                    assertThat(first.lengths.containsKey(cursor.valueFileOffset())
                                    || second.lengths.containsKey(cursor.valueFileOffset()))
                            .isTrue();
                }
            }
            assertThat(first.reads + second.reads).isZero();
            cursor.seekToFirst();
            assertThat(cursor.copyValue()).isEqualTo(expected.get(0));
        }
    }

    /** A value that a newer range delete hides, or that is newer than the limit, costs no read. */
    @Test
    void aHiddenValueIsNotRead() throws IOException {
        write(-1);
        try (ReadableFile file = files.open("f");
                SstReader reader = open(file, first, second)) {
            assertThat(get(reader, key(0), 4, -1)).isNull();
            assertThat(get(reader, key(0), 9, 7)).isNull();
            assertThat(first.reads).isZero();
        }
    }

    @Test
    void anOperandAboveAReferenceGetsItsValue() throws IOException {
        SstWriter writer = new SstWriter(files.create("f"), "f", 512, 10, 7);
        byte[] key = key(1);
        byte[] operand = {9};
        writer.add(key, 0, key.length, 8, ValueKind.MERGE, operand, 0, 1);
        ValueReference place = first.add(0, LENGTH);
        writer.addReference(key, 0, key.length, 5, place);
        writer.valueFiles(List.of(first.share(first.storedBytes(LENGTH))));
        writer.finish();
        try (ReadableFile file = files.open("f");
                SstReader reader = open(file, first)) {
            PointLookup lookup = new PointLookup();
            lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), 9, new ValueBuffer());
            assertThat(reader.get(lookup, -1)).isTrue();
            assertThat(lookup.operandsNewestFirst()).containsExactly(operand, Values.value(1, place.offset(), LENGTH));
            assertThat(lookup.isFound()).isTrue();
        }
    }

    /** A key of more than 64 KiB has a block of its own, which a cursor does not keep. */
    @Test
    void aReferenceOfALongKeyIsFollowed() throws IOException {
        SstWriter writer = new SstWriter(files.create("f"), "f", 512, 10, 7);
        byte[] key = new byte[200 << 10];
        ValueReference place = first.add(0, LENGTH);
        writer.addReference(key, 0, key.length, 5, place);
        writer.valueFiles(List.of(first.share(first.storedBytes(LENGTH))));
        writer.finish();
        SlabPool small = new SlabPool(new HeapSlabs(), 1 << 20);
        try (ReadableFile file = files.open("f");
                BlockCache smallCache = new BlockCache(small);
                SstReader reader = SstReader.open(
                        file,
                        "f",
                        new ValueFile[] {first},
                        smallCache,
                        small,
                        Encryption.NONE,
                        null,
                        SstMetadata.UNKNOWN);
                InternalIterator cursor = reader.iterator(KeyRange.all(), -1)) {
            cursor.seekToFirst();
            check(cursor, Values.value(1, place.offset(), LENGTH));
        }
    }

    /** The block of the long value is held by another cursor, so this one has left it when the value is read. */
    @Test
    void aLongValueBehindAReferenceIsNotTakenForOne() throws IOException {
        SstWriter writer = new SstWriter(files.create("f"), "f", 512, 10, 7);
        ValueReference place = first.add(0, LENGTH);
        writer.addReference(key(0), 0, key(0).length, 5, place);
        byte[] value = new byte[200 << 10];
        Arrays.fill(value, (byte) 3);
        writer.add(key(1), 0, key(1).length, 5, ValueKind.PUT, value, 0, value.length);
        writer.valueFiles(List.of(first.share(first.storedBytes(LENGTH))));
        writer.finish();
        SlabPool small = new SlabPool(new HeapSlabs(), 1 << 20);
        try (ReadableFile file = files.open("f");
                BlockCache smallCache = new BlockCache(small);
                SstReader reader = SstReader.open(
                        file,
                        "f",
                        new ValueFile[] {first},
                        smallCache,
                        small,
                        Encryption.NONE,
                        null,
                        SstMetadata.UNKNOWN);
                InternalIterator other = reader.iterator(KeyRange.all(), -1);
                InternalIterator cursor = reader.iterator(KeyRange.all(), -1)) {
            other.seekToLast();
            assertThat(other.valueSlab()).isNotNull();
            cursor.seekToFirst();
            check(cursor, Values.value(1, place.offset(), LENGTH));
            cursor.next();
            assertThat(cursor.valueSlab()).isNull();
            assertThat(cursor.copyValue()).isEqualTo(value);
            cursor.prev();
            check(cursor, Values.value(1, place.offset(), LENGTH));
        }
    }

    @Test
    void aReferenceToAFileThatTheSstDoesNotNameIsDamage() throws IOException {
        write(-1);
        try (ReadableFile file = files.open("f");
                SstReader reader = open(file, first);
                InternalIterator cursor = reader.iterator(KeyRange.all(), -1)) {
            assertThat(get(reader, key(0), 9, -1)).isNotNull();
            assertThatThrownBy(() -> get(reader, key(1), 9, -1))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining("one of 1 value files");
            cursor.seek(key(1), 0, key(1).length);
            assertThatThrownBy(cursor::copyValue)
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining("one of 1 value files");
        }
    }

    @Test
    void aReadThatFailsLeavesTheBufferOfTheUserAsItWas() throws IOException {
        write(-1);
        first.lengths.clear();
        try (ReadableFile file = files.open("f");
                SstReader reader = open(file, first, second);
                InternalIterator cursor = reader.iterator(KeyRange.all(), -1)) {
            cursor.seekToFirst();
            ValueBuffer into = new ValueBuffer();
            into.reset(1)[0] = 77;
            assertThatThrownBy(() -> cursor.copyValue(into)).isInstanceOf(CorruptionException.class);
            assertThat(into.toByteArray()).containsExactly(77);
        }
    }

    @Test
    void theVerifierReadsEachValueAndAddsThemUp() throws IOException {
        write(-1);
        List<String> read = new ArrayList<>();
        assertThat(verify((file, offset, length) -> read.add(file + " " + offset + " " + length)))
                .isEmpty();
        assertThat(read).hasSize(KEYS / 3 * 2).doesNotHaveDuplicates();
    }

    @Test
    void theVerifierFindsAWrongSum() throws IOException {
        write(77);
        assertThat(verify(ValueCheck.NONE))
                .singleElement()
                .asString()
                .startsWith("77 bytes of values in value file 0, as the properties say");
    }

    private List<String> verify(ValueCheck values) throws IOException {
        List<String> findings = new ArrayList<>();
        try (ReadableFile file = files.open("f")) {
            new SstVerifier(
                            file,
                            "f",
                            (offset, expected, found) -> findings.add(expected + " / " + found),
                            values,
                            () -> false)
                    .verify(Encryption.NONE, null);
        }
        return findings;
    }
}
