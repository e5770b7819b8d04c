package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyRange;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.Seeds;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.util.FormatVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Damage of any kind is either noticed, by name, or changes no answer. */
class SstCorruptionTest {
    private static final String NAME = "damaged.sst";
    private static final long BUDGET = 1 << 20;
    /** Far above what a small file takes, far below what a wild length would. */
    private static final long MAX_ALLOCATED_BYTES = 2 << 20;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private SlabPool pool;
    private BlockCache cache;

    @BeforeEach
    void memory() {
        pool = new SlabPool(new DirectSlabAllocator(BUDGET), BUDGET);
        cache = new BlockCache(pool);
    }

    @Test
    void everyChangeOfOneByteOfASmallFile() {
        SstModel model = small();
        byte[] bytes = model.bytes(256, 10);
        int noticed = 0;
        for (int at = 0; at < bytes.length; at++) {
            for (int change = 1; change < 256; change <<= 1) {
                noticed += check(model, bytes, at, change);
            }
            noticed += check(model, bytes, at, 0xFF);
            noticed += check(model, bytes, at, bytes[at] & 0xFF);
        }
        // Every byte is under a checksum, so nothing but a change to itself goes unnoticed.
        long zeros = 0;
        for (byte b : bytes) {
            zeros += b == 0 ? 1 : 0;
        }
        assertThat(noticed).isEqualTo(bytes.length * 10 - (int) zeros);
    }

    @Test
    void aChangeOfAnyByteOfAFileWithManyPartitions() {
        Seeds.run(getClass(), 1, seed -> {
            Random random = new Random(seed);
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                byte[] key = new byte[100];
                new Random(i / 2).nextBytes(key);
                key[0] = (byte) (i >>> 8);
                key[1] = (byte) i;
                entries.add(new Entry(key, 1000 - i, ValueKind.PUT, new byte[20]));
            }
            SstModel model = new SstModel(entries, List.of());
            byte[] bytes = model.bytes(128, 10);
            for (int at = random.nextInt(16); at < bytes.length; at += 1 + random.nextInt(120)) {
                assertThat(check(model, bytes, at, 1 + random.nextInt(255))).isEqualTo(1);
            }
        });
    }

    @Test
    void everyTruncation() {
        byte[] bytes = small().bytes(256, 10);
        for (int length = 0; length < bytes.length; length++) {
            byte[] truncated = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> SstReader.open(new ByteArrayFile(truncated), NAME, cache, pool))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(NAME);
        }
        assertThat(pool.used()).isZero();
    }

    @Test
    void bytesBehindTheEnd() {
        byte[] bytes = small().bytes(256, 10);
        for (int more = 1; more < 100; more++) {
            byte[] longer = Arrays.copyOf(bytes, bytes.length + more);
            assertThatThrownBy(() -> SstReader.open(new ByteArrayFile(longer), NAME, cache, pool))
                    .isInstanceOf(CorruptionException.class);
        }
    }

    @Test
    void blocksInEachOthersPlace() {
        // Blocks of the same length, each with a valid checksum, but not where it was written.
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            entries.add(Entry.of(String.format("key%05d", i), 0, ValueKind.PUT, "12345678"));
        }
        SstModel model = new SstModel(entries, List.of());
        byte[] bytes = model.bytes(128, 0);
        int blockBytes = lengthOfFirstBlock(bytes);
        byte[] swapped = bytes.clone();
        System.arraycopy(bytes, 0, swapped, blockBytes, blockBytes);
        System.arraycopy(bytes, blockBytes, swapped, 0, blockBytes);
        assertThat(readAll(model, swapped)).isTrue();
        System.arraycopy(bytes, 0, swapped, 0, blockBytes);
        assertThat(readAll(model, swapped)).isTrue();
    }

    private int lengthOfFirstBlock(byte[] bytes) {
        try (SstReader reader = SstReader.open(new ByteArrayFile(bytes), NAME, cache, pool)) {
            return firstOffset(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the second data block begins. */
    private static int firstOffset(SstReader reader) throws IOException {
        for (int i = 0; ; i++) {
            long offset = BlockOffsets.of(reader, Entry.bytes(String.format("key%05d", i)));
            if (offset > 0) {
                return (int) offset;
            }
        }
    }

    @Test
    void anotherVersionIsRefusedByName() {
        byte[] bytes = small().bytes(256, 10);
        ByteBuffer footer = ByteBuffer.wrap(bytes, bytes.length - SstFormat.FOOTER_BYTES, SstFormat.FOOTER_BYTES);
        int begin = footer.position();
        footer.putInt(begin + 32, FormatVersion.CURRENT + 1);
        footer.putInt(begin + 36, Crc32c.masked(bytes, begin, 36));
        assertThatThrownBy(() -> SstReader.open(new ByteArrayFile(bytes), NAME, cache, pool))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining(NAME)
                .hasMessageContaining("version 3")
                .hasMessageContaining("reads version 2");
        footer.putInt(begin + 32, 1);
        footer.putInt(begin + 36, Crc32c.masked(bytes, begin, 36));
        assertThatThrownBy(() -> SstReader.open(new ByteArrayFile(bytes), NAME, cache, pool))
                .isInstanceOf(FormatTooOldException.class)
                .hasMessageContaining(NAME)
                .hasMessageContaining("version 1")
                .hasMessageContaining("changelog topic");
    }

    @Test
    void theMessageSaysWhatIsWrongAndWhere() {
        byte[] bytes = small().bytes(256, 10);
        bytes[10] ^= 1;
        assertThatThrownBy(() -> {
                    try (SstReader reader = SstReader.open(new ByteArrayFile(bytes), NAME, cache, pool);
                            InternalIterator iterator = reader.iterator(KeyRange.all(), -1)) {
                        iterator.seekToFirst();
                    }
                })
                .isInstanceOfSatisfying(CorruptionException.class, e -> {
                    assertThat(e.file()).isEqualTo(NAME);
                    assertThat(e.offset()).isZero();
                    assertThat(e.expected()).startsWith("checksum ");
                    assertThat(e.found()).matches("[0-9a-f]{1,8}");
                });
    }

    @Test
    void anIteratorThatMetDamageHoldsNothingAndCanGoElsewhere() throws IOException {
        SstModel model = small();
        byte[] bytes = model.bytes(256, 10);
        bytes[10] ^= 1;
        try (SstReader reader = SstReader.open(new ByteArrayFile(bytes), NAME, cache, pool)) {
            for (InternalIterator iterator :
                    List.of(reader.iterator(KeyRange.all(), -1), reader.scanIterator(KeyRange.all(), -1))) {
                iterator.seekToLast();
                Entry last = Entry.current(iterator);
                assertThatThrownBy(iterator::seekToFirst).isInstanceOf(CorruptionException.class);
                assertThat(iterator.isValid()).isFalse();
                iterator.seekToLast();
                assertThat(Entry.current(iterator)).isEqualTo(last);
                iterator.close();
            }
        }
        cache.close();
        assertThat(pool.used()).isZero();
    }

    private static SstModel small() {
        List<Entry> entries = new ArrayList<>();
        entries.add(Entry.of("", 9, ValueKind.PUT, "the empty key"));
        for (int i = 0; i < 60; i++) {
            String key = String.format("key%03d", i);
            entries.add(Entry.of(key, 1000 + i, (byte) (1 + i % 3), i % 3 == 1 ? "" : "value " + i));
            if (i % 4 == 0) {
                entries.add(Entry.of(key, 10 + i, ValueKind.PUT, "older " + i));
                entries.add(Entry.of(key, 0, ValueKind.PUT, "oldest"));
            }
        }
        return new SstModel(
                entries,
                List.of(
                        new Fragment(Entry.bytes("key010"), Entry.bytes("key020"), new long[] {1005, 500}),
                        new Fragment(Entry.bytes("z"), null, new long[] {7})));
    }

    /** @return 1 when the change was noticed, 0 when there was none or it did not matter */
    private int check(SstModel model, byte[] bytes, int at, int change) {
        byte before = bytes[at];
        bytes[at] ^= (byte) change;
        try {
            boolean noticed = readAll(model, bytes);
            return noticed ? 1 : 0;
        } catch (RuntimeException | Error e) {
            throw new AssertionError("byte " + at + " changed by " + change, e);
        } finally {
            bytes[at] = before;
        }
    }

    /** Reads everything in all ways; every answer is right or a {@link CorruptionException}. @return whether there was one */
    private boolean readAll(SstModel model, byte[] bytes) {
        long before = threads.getCurrentThreadAllocatedBytes();
        boolean noticed = false;
        try (SstReader reader = SstReader.open(new ByteArrayFile(bytes), NAME, cache, pool)) {
            noticed |= model.findsDamage(reader.iterator(KeyRange.all(), -1), NAME);
            noticed |= model.findsDamage(reader.scanIterator(KeyRange.all(), -1), NAME);
            for (int i = 0; i < model.entries.size(); i += 7) {
                noticed |= model.findsDamage(reader, model.entries.get(i).key());
            }
            noticed |= model.findsDamage(reader, Entry.bytes("absent"));
        } catch (CorruptionException e) {
            assertThat(e.file()).isEqualTo(NAME);
            noticed = true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MAX_ALLOCATED_BYTES);
        return noticed;
    }
}
