package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyRange;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.Seeds;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is written verifies clean; damage is found and named, and so is what was written wrongly with right checksums. */
class SstVerifierTest {
    private static final int[] BLOCK_BYTES = {128, 256, 1024, 4096, 65536};
    private static final long BUDGET = 64 << 20;

    /** A verification and what it said. */
    private static final class Run implements Findings {
        final List<String> findings = new ArrayList<>();
        final List<Long> offsets = new ArrayList<>();
        SstVerifier verifier;

        static Run of(byte[] bytes) {
            Run run = new Run();
            run.verifier = new SstVerifier(new ByteArrayFile(bytes), "f", run, ValueCheck.NONE, () -> false);
            try {
                run.verifier.verify(Encryption.NONE, null);
            } catch (FormatTooNewException | FormatTooOldException e) {
                run.add(-1, "a known version", e.getMessage());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return run;
        }

        @Override
        public void add(long offset, String expected, String found) {
            offsets.add(offset);
            findings.add("expected " + expected + ", found " + found);
        }
    }

    @Test
    void whatIsWrittenIsClean() {
        Seeds.run(getClass(), 20, seed -> {
            Random random = new Random(seed);
            for (int blockBytes : BLOCK_BYTES) {
                SstModel model = new RandomSst(random).model(random.nextInt(600));
                if (!model.entries.isEmpty() || !model.tombstones.isEmpty()) {
                    Run run = Run.of(model.bytes(blockBytes, random.nextInt(4) * 5));
                    assertThat(run.findings).isEmpty();
                    assertThat(run.verifier.entries()).isEqualTo(model.entries.size());
                    assertThat(run.verifier.blocks())
                            .isGreaterThan(run.verifier.properties().dataBlocks());
                }
            }
        });
    }

    @Test
    void everyFlippedBitOfASmallFileIsFound() {
        byte[] bytes = small().bytes(256, 10);
        for (int at = 0; at < bytes.length * 8; at++) {
            byte[] damaged = bytes.clone();
            damaged[at / 8] ^= (byte) (1 << (at & 7));
            assertThat(Run.of(damaged).findings).as("bit %d", at).isNotEmpty();
        }
    }

    @Test
    void whatIsSupersededIsCounted() throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        SstWriter writer = new SstWriter(files.create("f"), "f", 4096, 10, 0);
        writer.addTombstone(Entry.fragment("a", "c", 5));
        writer.add(new byte[] {'a'}, 0, 1, 4, ValueKind.PUT, new byte[9], 0, 9); // without a word that it is covered
        writer.add(new byte[] {'b'}, 0, 1, 5, ValueKind.PUT, new byte[9], 0, 9);
        assertThat(writer.finish().superseded()).isNull();
        assertThat(Run.of(SstModel.bytes(files, "f")).findings)
                .containsExactly("expected as superseded null, as the properties say,"
                        + " found Superseded[allBytes=20, entryBytes=10, valueBytes=0, deleteBytes=0]");
    }

    @Test
    void everyDamagedBlockIsNamedAndTheOthersAreStillRead() {
        SstModel model = numbered(500);
        byte[] bytes = model.bytes(128, 10);
        long blocks = Run.of(bytes).verifier.blocks();
        byte[] damaged = bytes.clone();
        List<Long> places = new ArrayList<>();
        for (long block : dataBlocks(bytes)) {
            if (places.size() < 3 || block > bytes.length / 2) {
                damaged[(int) block + 20] ^= 4;
                places.add(block);
            }
        }
        Run run = Run.of(damaged);
        assertThat(run.offsets).isEqualTo(places);
        assertThat(run.verifier.blocks()).isEqualTo(blocks - places.size());
    }

    /**
     * Bytes changed and all checksums made right again: then either the verifier finds it, or every key that the file shows is
     * found by a point read.
     */
    @Test
    void whatIsWrittenWronglyIsFoundUnlessItDoesNoHarm() {
        Seeds.run(getClass(), 3, seed -> {
            Random random = new Random(seed);
            int found = 0;
            for (SstModel model : List.of(small(), numbered(300))) {
                byte[] bytes = model.bytes(128, 10);
                for (int i = 0; i < 1500; i++) {
                    byte[] changed = bytes.clone();
                    int at = random.nextInt(changed.length);
                    changed[at] ^= (byte) (1 << random.nextInt(8));
                    Checksums.repair(changed);
                    if (!Run.of(changed).findings.isEmpty()) {
                        found++;
                    } else {
                        checkHarmless(changed, "byte " + at);
                    }
                }
            }
            // the rest are bits of values, and those that filters have set beyond need
            assertThat(found).isGreaterThan(1200);
        });
    }

    private static void checkHarmless(byte[] bytes, String change) {
        try (SstFixture open = new SstFixture(new ByteArrayFile(bytes), "f", BUDGET);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            long entries = 0;
            byte[] previous = null;
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                byte[] key = iterator.copyKey();
                assertThat(previous == null || Arrays.compareUnsigned(previous, key) <= 0)
                        .isTrue();
                SstModel.Answer answer = SstModel.Answer.of(open.reader, key, SstModel.NO_LIMIT, -1);
                assertThat(answer.settled() || answer.found())
                        .as("%s: %s found", change, Entry.current(iterator))
                        .isTrue();
                previous = key;
                entries++;
            }
            assertThat(entries).isEqualTo(open.reader.properties().entries());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aFilterThatHidesAKey() {
        byte[] bytes = numbered(50).bytes(256, 10);
        TopIndex top = metadata(bytes).top();
        int at = (int) top.filterOffset(top.filterOrdinal(0, 0));
        Arrays.fill(bytes, at, at + top.filterBytes(top.filterOrdinal(0, 0)) - BlockTrailer.BYTES, (byte) 0);
        Checksums.repair(bytes);
        assertThat(Run.of(bytes).findings).singleElement().asString().contains("a filter that lets key 6b6579");
    }

    @Test
    void propertiesThatLie() {
        SstModel model = small();
        byte[] bytes = model.bytes(256, 10);
        // The creation time, tag and length, then counts of one byte each. With 41 entries a file also has room for
        // them.
        String[] said = {"entries", "point deletes", "merge operands", "range deletes", "bytes of keys"};
        int at = (int) propertiesOffset(bytes) + 6;
        for (int i = 0; i < said.length; i++) {
            byte[] changed = bytes.clone();
            changed[at + i] += i == 1 ? -1 : 1;
            Checksums.repair(changed);
            String what = said[i];
            assertThat(Run.of(changed).findings)
                    .as(what)
                    .anySatisfy(finding -> assertThat(finding).contains(" " + what + ", as the properties say"));
        }
    }

    @Test
    void aTailOfOtherSizes() {
        byte[] bytes = numbered(50).bytes(256, 10);
        // The last number of the properties, where nothing is superseded: the bytes of range deletes.
        bytes[bytes.length - SstFormat.FOOTER_BYTES - BlockTrailer.BYTES - 1]++;
        Checksums.repair(bytes);
        assertThat(Run.of(bytes).findings).singleElement().asString().contains("a tail with TailSizes");
    }

    @Test
    void moreBytesThatExpireThanThereAre() throws IOException {
        for (int bytes : new int[] {2, 3}) {
            MemoryFileStore files = new MemoryFileStore();
            SstWriter writer = new SstWriter(files.create("f"), "f", 4096, 10, 0);
            writer.add(new byte[] {'k'}, 0, 1, 1, ValueKind.PUT, new byte[] {'v'}, 0, 1);
            writer.expiry(new Expiry("ttl", List.of(new Expiry.Step(5, bytes))));
            writer.finish();
            List<String> findings = Run.of(SstModel.bytes(files, "f")).findings;
            assertThat(findings).hasSize(bytes - 2);
            findings.forEach(finding -> assertThat(finding).contains("at most 2 bytes that expire, found 3"));
        }
    }

    @Test
    void keysOutOfOrder() {
        // They differ behind the positions in heads, so that the block alone looks right.
        List<Entry> entries = new ArrayList<>();
        for (int i = 12; i >= 0; i--) {
            String key = "aaaaaaaaaaaa".substring(0, i) + 'b' + "aaaaaaaaaaaa".substring(i);
            entries.add(Entry.of(key, 100 + i, ValueKind.PUT, "v"));
        }
        byte[] bytes = new SstModel(entries, List.of()).bytes(4096, 0);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf("aaaaaaaaaaaba");
        bytes[at + 8] = 'c';
        Checksums.repair(bytes);
        assertThat(Run.of(bytes).findings)
                .singleElement()
                .asString()
                .contains("entries in ascending order of keys")
                .contains("61616161616161616161626161 at 110 after 61616161616161616361616261 at 111");
    }

    @Test
    void headsOfOtherBytesThanThoseInWhichKeysDiffer() {
        List<Entry> entries = List.of(
                Entry.of("1 of a space, a", 1, ValueKind.PUT, "v"),
                Entry.of("1 of a space, b", 2, ValueKind.PUT, "v"),
                Entry.of("2 of a space, b", 3, ValueKind.PUT, "v"));
        byte[] bytes = new SstModel(entries, List.of()).bytes(4096, 0);
        int heads = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("1a1b2b");
        int positions = heads - 3 * 2 - 2;
        assertThat(bytes[positions + 1]).isEqualTo((byte) 14);
        // A space instead of the last letter: the heads are right for these positions, and tell fewer keys apart.
        bytes[positions + 1] = 13;
        for (int i = 0; i < 3; i++) {
            bytes[heads + 2 * i + 1] = ' ';
        }
        Checksums.repair(bytes);
        assertThat(Run.of(bytes).findings)
                .singleElement()
                .asString()
                .contains("heads of the bytes in which keys differ");
    }

    @Test
    void anEndThatCannotBeReadIsOneFinding() {
        byte[] bytes = small().bytes(256, 10);
        assertThat(Run.of(Arrays.copyOf(bytes, bytes.length - 1)).findings).hasSize(1);
        assertThat(Run.of(new byte[3]).findings).hasSize(1);
    }

    @Test
    void itStopsWhenItIsAskedTo() throws IOException {
        byte[] bytes = numbered(500).bytes(128, 10);
        int[] left = {5};
        SstVerifier verifier = new SstVerifier(
                new ByteArrayFile(bytes),
                "f",
                (offset, expected, found) -> {
                    throw new AssertionError(expected);
                },
                ValueCheck.NONE,
                () -> left[0]-- <= 0);
        verifier.verify(Encryption.NONE, null);
        assertThat(verifier.entries()).isBetween(1L, 100L);
    }

    private static SstModel small() {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            byte kind = i % 7 == 0 ? ValueKind.DELETE : i % 5 == 0 ? ValueKind.MERGE : ValueKind.PUT;
            entries.add(Entry.of("k" + (char) ('A' + i), 90 - i, kind, i % 7 == 0 ? "" : "value" + i));
        }
        return new SstModel(entries, List.of(Entry.fragment("kB", "kD", 5), Entry.fragment("x", null, 7, 3)));
    }

    private static SstModel numbered(int keys) {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < keys; i++) {
            entries.add(Entry.of(String.format("key%05d", i), i + 1, ValueKind.PUT, "value" + i));
        }
        return new SstModel(entries, List.<Fragment>of());
    }

    private static SstMetadata metadata(byte[] bytes) {
        try {
            return SstMetadata.load(new ByteArrayFile(bytes), "f", Encryption.NONE, null, SstMetadata.UNKNOWN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long propertiesOffset(byte[] bytes) {
        byte[] footer = Arrays.copyOfRange(bytes, bytes.length - SstFormat.FOOTER_BYTES, bytes.length);
        return SstFormat.decode(footer, "f", bytes.length).propertiesOffset();
    }

    /** Where the data blocks begin: places at which a reader that starts there finds a whole block. */
    private static List<Long> dataBlocks(byte[] bytes) {
        SstMetadata metadata = metadata(bytes);
        List<Long> offsets = new ArrayList<>();
        for (int partition = 0; partition < metadata.top().partitions(); partition++) {
            long from = metadata.top().dataOffset(partition);
            long end = from + metadata.top().dataBytes(partition);
            while (from < end) {
                offsets.add(from);
                from = endOfBlock(bytes, from, end);
            }
        }
        return offsets;
    }

    private static long endOfBlock(byte[] bytes, long from, long end) {
        for (long to = from + BlockTrailer.BYTES + 1; to <= end; to++) {
            try {
                BlockTrailer.verify(new Slab(ByteBuffer.wrap(bytes)), (int) from, (int) (to - from), "f", from);
                return to;
            } catch (CorruptionException e) {
                continue;
            }
        }
        throw new AssertionError("No block at " + from);
    }
}
