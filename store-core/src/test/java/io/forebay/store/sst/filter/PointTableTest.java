package io.forebay.store.sst.filter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Seeds;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PointTableTest {
    /** What a lookup of {@code hash} meets: places as block * 256 + entry, and how many lines it reads. */
    private record Lookup(List<Integer> places, int lines) {
        static Lookup of(Slab slab, long hash) {
            int lines = slab.capacity() / PointTable.LINE_BYTES;
            List<Integer> places = new ArrayList<>();
            int line = PointTable.line(hash, lines);
            int read = 0;
            boolean full = true;
            while (full && read < PointTable.MAX_LINES) {
                int at = line * PointTable.LINE_BYTES;
                for (int slots = PointTable.candidates(slab, at, hash); slots != 0; slots &= slots - 1) {
                    int slot = Integer.numberOfTrailingZeros(slots);
                    places.add(PointTable.block(slab, at, slot) << 8 | PointTable.entry(slab, at, slot));
                }
                full = PointTable.isFull(slab, at);
                read++;
                line = (line + 1) % lines;
            }
            return new Lookup(places, read);
        }
    }

    @Test
    void everyKeyIsFoundWithinFourLines() {
        Seeds.run(getClass(), 200, seed -> {
            Random random = new Random(seed);
            int keys = random.nextInt(random.nextInt(10) == 0 ? 5000 : 100);
            // Few values for some parts of the hash: keys of one line, of full lines at the end, and of one
            // fingerprint.
            long high = random.nextInt(3) > 0 ? -1L : random.nextBoolean() ? 0 : -1L << (50 + random.nextInt(14));
            long low = random.nextInt(3) > 0 ? 0xFFFFL : random.nextInt(4);
            boolean last = random.nextBoolean();
            Map<Long, Integer> places = new HashMap<>();
            PointTableBuilder builder = new PointTableBuilder();
            for (int i = 0; i < keys; i++) {
                long bits = random.nextLong();
                long hash = (last ? bits | ~high : bits & high) & ~0xFFFFL | bits & low;
                int place = random.nextInt(1 << 16);
                if (places.putIfAbsent(hash, place) == null) {
                    builder.add(hash, place >> 8, place & 0xFF);
                }
            }
            long[] words = builder.build(places.size());
            if (words == null) {
                assertThat(builder.count()).isEqualTo(places.size()).isGreaterThan(PointTable.LINE_SLOTS);
                return;
            }
            assertThat(builder.count()).isZero();
            assertThat(words.length * 64L).isLessThanOrEqualTo(Math.max(512, places.size() * 64L + 512));
            Slab slab = slab(words);
            places.forEach((hash, place) -> {
                Lookup lookup = Lookup.of(slab, hash);
                assertThat(lookup.places()).contains(place);
                assertThat(lookup.places().stream().filter(place::equals).count())
                        .isPositive();
            });
            for (int i = 0; i < 100; i++) {
                long absent = random.nextLong();
                for (int place : Lookup.of(slab, absent).places()) {
                    assertThat(places).containsValue(place);
                }
            }
        });
    }

    @Test
    void absentKeysMeetFewSlotsAndMostLookupsOneLine() {
        Random random = new Random(7);
        PointTableBuilder builder = new PointTableBuilder();
        long[] hashes = random.longs(10_000).toArray();
        for (int i = 0; i < hashes.length; i++) {
            builder.add(hashes[i], i >> 8, i & 0xFF);
        }
        assertThat(builder.estimatedBytes()).isEqualTo(56_250);
        Slab slab = slab(builder.build(hashes.length));
        int absent = 300_000;
        int slots = 0;
        int lines = 0;
        for (int i = 0; i < absent; i++) {
            Lookup lookup = Lookup.of(slab, random.nextLong());
            slots += lookup.places().size();
            lines += lookup.lines();
        }
        // 11.4 used slots a line, and 65535 fingerprints
        assertThat(slots / (double) absent).isLessThan(1 / 4000.0);
        assertThat(lines / (double) absent).isLessThan(1.25);
    }

    @Test
    void keysThatAreAddedLaterStay() {
        PointTableBuilder builder = new PointTableBuilder();
        for (int i = 0; i < 300; i++) {
            builder.add(i * 0x9E3779B97F4A7C15L, i & 0xFF, i >> 8);
        }
        builder.build(200);
        assertThat(builder.count()).isEqualTo(100);
        Slab slab = slab(builder.build(100));
        for (int i = 200; i < 300; i++) {
            assertThat(Lookup.of(slab, i * 0x9E3779B97F4A7C15L).places()).contains((i & 0xFF) << 8 | i >> 8);
        }
    }

    @Test
    void aPlaceThatDoesNotFitASlot() {
        PointTableBuilder builder = new PointTableBuilder();
        builder.add(1, 255, 255);
        builder.add(2, 0, 256);
        builder.add(3, 0, 0);
        assertThat(builder.build(2)).isNull();
        assertThat(builder.count()).isEqualTo(3);
        builder.remove(2);
        assertThat(Lookup.of(slab(builder.build(1)), 3).places()).containsExactly(0);
    }

    /** The bytes of slots: fingerprint, block, entry. A fingerprint of 0 is 1, because 0 is a free slot. */
    @Test
    void bytes() {
        PointTableBuilder builder = new PointTableBuilder();
        builder.add(0x1234_5678_0000_ABCDL, 2, 7);
        builder.add(0x8765_4321_0000_0000L, 255, 0);
        Slab slab = slab(builder.build(2));
        assertThat(HexFormat.of().formatHex(slab.toByteArray(0, slab.capacity())))
                .isEqualTo("abcd0207" + "0001ff00" + "00000000".repeat(14));
        assertThat(Lookup.of(slab, 0xFFFF_0000L).places()).containsExactly(0xFF00);
    }

    @Test
    void aFullLineIsFollowedByTheNext() {
        PointTableBuilder builder = new PointTableBuilder();
        for (int i = 0; i < 40; i++) {
            // All in the last of the lines, and so in the first one as well.
            builder.add(0xFFFF_FFFF_0000_0000L | (i + 1), 0, i);
        }
        Slab slab = slab(builder.build(40));
        assertThat(slab.capacity()).isGreaterThan(2 * PointTable.LINE_BYTES);
        for (int i = 0; i < 40; i++) {
            Lookup lookup = Lookup.of(slab, 0xFFFF_FFFF_0000_0000L | (i + 1));
            assertThat(lookup.places()).containsExactly(i);
            assertThat(lookup.lines()).isEqualTo(3);
        }
        for (int i = 0; i < 30; i++) {
            builder.add(0xFFFF_FFFF_0000_0000L | (i + 1), 0, i);
        }
        for (int i = 30; i < 80; i++) {
            builder.add(0xFFFF_FFFF_0000_0000L | (i + 1), 0, i);
        }
        assertThat(builder.build(80)).isNull();
    }

    private static Slab slab(long[] words) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(words.length * Long.BYTES);
        bytes.asLongBuffer().put(words);
        return new Slab(bytes);
    }
}
