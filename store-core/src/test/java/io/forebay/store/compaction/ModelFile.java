package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.sst.Superseded;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SstInfo;
import java.nio.ByteBuffer;
import java.util.List;

/** The contents of a file for which the picker sees a {@link FileMeta}: puts and range deletes of numbers. */
final class ModelFile {
    /** A put of {@code key}, or a range delete of {@code [key, end)} when {@code end} is above it. */
    record Item(long key, long end, long sequence) {
        boolean isRangeDelete() {
            return end > key;
        }
    }

    static final int ENTRY_BYTES = 100;
    static final int RANGE_DELETE_BYTES = 30;

    private static long ids;

    final List<Item> items;
    final FileMeta meta;
    private FragmentArray tombstones;

    /**
     * @param items sorted by key, puts of one key newest first; not empty
     * @param created in place of milliseconds
     */
    ModelFile(List<Item> items, long created) {
        this.items = items;
        long min = Long.MAX_VALUE;
        long max = 0;
        long from = Long.MAX_VALUE;
        long to = 0;
        long puts = 0;
        for (Item item : items) {
            min = Math.min(min, item.sequence());
            max = Math.max(max, item.sequence());
            from = Math.min(from, item.key());
            to = Math.max(to, item.isRangeDelete() ? item.end() : item.key() + 1);
            puts += item.isRangeDelete() ? 0 : 1;
        }
        long rangeDeletes = items.size() - puts;
        long superseded = superseded(items);
        meta = new FileMeta(
                new FileId(random(created), ++ids),
                new SstInfo(
                        puts * ENTRY_BYTES + rangeDeletes * RANGE_DELETE_BYTES,
                        min,
                        max,
                        puts,
                        0,
                        rangeDeletes,
                        created,
                        null,
                        null,
                        null,
                        -1,
                        null,
                        List.of(),
                        superseded == 0 ? null : new Superseded(puts * ENTRY_BYTES, superseded * ENTRY_BYTES, 0, 0)),
                KeyRange.of(key(from), key(to)),
                false,
                -1,
                null);
    }

    private static long superseded(List<Item> items) {
        List<Item> rangeDeletes = items.stream().filter(Item::isRangeDelete).toList();
        long count = 0;
        long before = -1;
        for (Item item : items) {
            if (!item.isRangeDelete()) {
                boolean hidden = item.key() == before
                        || rangeDeletes.stream()
                                .anyMatch(delete -> delete.sequence() > item.sequence()
                                        && delete.key() <= item.key()
                                        && item.key() < delete.end());
                count += hidden ? 1 : 0;
                before = item.key();
            }
        }
        return count;
    }

    /** As a random id has, and the same in every run. */
    private static long random(long created) {
        long bits = (created + 1) * 0x9E3779B97F4A7C15L;
        bits = (bits ^ bits >>> 32) * 0xD6E8FEB86659FD93L;
        return bits ^ bits >>> 32;
    }

    static byte[] key(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }

    static long number(byte[] key) {
        return ByteBuffer.wrap(key).getLong();
    }

    FragmentArray tombstones() {
        if (tombstones == null) {
            Fragmenter fragmenter = new Fragmenter();
            for (Item item : items) {
                if (item.isRangeDelete()) {
                    fragmenter.add(key(item.key()), key(item.end()), item.sequence());
                }
            }
            tombstones = fragmenter.finish();
        }
        return tombstones;
    }
}
