package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.KeyRange;
import io.forebay.store.sst.EventTimes;
import io.forebay.store.sst.Expiry;
import io.forebay.store.sst.Superseded;
import io.forebay.store.sst.TailSizes;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.util.Seeded;
import io.forebay.store.values.ValueShare;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VersionEditCodecTest {
    static VersionEdit sample() {
        VersionEdit edit = new VersionEdit()
                .lastSequence(300)
                .mergeName("append")
                .commit(299, new byte[] {1, 2, 3})
                .add(
                        5,
                        new FileMeta(
                                new FileId(0x0102030405060708L, 0x1112131415161718L),
                                new SstInfo(70_000, 200, 300, 1_000, 7, 2, 1_700_000_000_000L, null),
                                KeyRange.of(new byte[] {'a'}, new byte[] {'m', 0}),
                                false,
                                -1,
                                null))
                .add(
                        0,
                        new FileMeta(
                                new FileId(-1, 1),
                                new SstInfo(
                                        0,
                                        0,
                                        Long.MAX_VALUE,
                                        0,
                                        0,
                                        0,
                                        0,
                                        "key-1",
                                        new Expiry("ttl", List.of(new Expiry.Step(900, 50))),
                                        new EventTimes(-2, 7),
                                        900,
                                        new TailSizes(400, 300, 200, 100),
                                        List.of(),
                                        new Superseded(900, 200, 0, 40)),
                                KeyRange.all(),
                                true,
                                Long.MAX_VALUE - 1,
                                null));
        edit.remove(new VersionEdit.Removed(4, new FileId(2, 3), new byte[] {'k'}));
        edit.nextRank(6);
        edit.keep(298).logs(new VersionEdit.Logs(0x0A0B0C0D0E0F1011L, 9));
        return edit;
    }

    private static void assertSame(VersionEdit got, VersionEdit expected) {
        assertThat(got.lastSequence()).isEqualTo(expected.lastSequence());
        assertThat(got.mergeName()).isEqualTo(expected.mergeName());
        assertThat(got.nextRank()).isEqualTo(expected.nextRank());
        assertThat(got.keptSequence()).isEqualTo(expected.keptSequence());
        assertThat(got.logs()).isEqualTo(expected.logs());
        assertThat(got.added()).isEqualTo(expected.added());
        assertThat(got.removed().size()).isEqualTo(expected.removed().size());
        for (int i = 0; i < got.removed().size(); i++) {
            assertThat(got.removed().get(i).rank())
                    .isEqualTo(expected.removed().get(i).rank());
            assertThat(got.removed().get(i).id())
                    .isEqualTo(expected.removed().get(i).id());
            assertThat(got.removed().get(i).from())
                    .isEqualTo(expected.removed().get(i).from());
        }
        if (expected.commit() == null) {
            assertThat(got.commit()).isNull();
        } else {
            assertThat(got.commit().sequence()).isEqualTo(expected.commit().sequence());
            assertThat(got.commit().payload()).isEqualTo(expected.commit().payload());
        }
    }

    private static VersionEdit decode(byte[] bytes) {
        return VersionEditCodec.decode(bytes, "MANIFEST-7", 1_000);
    }

    @Test
    void goldenBytes() {
        GoldenBytes.verify("edit", VersionEditCodec.encode(sample()));
        assertSame(decode(GoldenBytes.read("edit")), sample());
    }

    @Test
    void anEditWithoutAnythingIsNoBytes() {
        assertThat(VersionEditCodec.encode(new VersionEdit())).isEmpty();
        assertThat(decode(new byte[0]).isEmpty()).isTrue();
    }

    @Test
    void randomEditsComeBack() {
        Seeded.run(VersionEditCodecTest.class, 500, random -> {
            VersionEdit edit = randomEdit(random);
            assertSame(decode(VersionEditCodec.encode(edit)), edit);
        });
    }

    private static VersionEdit randomEdit(Random random) {
        VersionEdit edit = new VersionEdit();
        if (random.nextBoolean()) {
            edit.lastSequence(positive(random));
        }
        if (random.nextBoolean()) {
            edit.mergeName("größe" + random.nextInt());
        }
        if (random.nextBoolean()) {
            edit.commit(positive(random), bytes(random));
        }
        if (random.nextBoolean()) {
            edit.nextRank(positive(random));
        }
        for (int i = random.nextInt(5); i > 0; i--) {
            byte[] from = bytes(random);
            byte[] to = random.nextBoolean() ? null : Arrays.copyOf(from, from.length + 1 + random.nextInt(4));
            edit.add(
                    positive(random),
                    new FileMeta(
                            FileId.random(random::nextLong),
                            new SstInfo(
                                    positive(random),
                                    positive(random),
                                    positive(random),
                                    positive(random),
                                    positive(random),
                                    positive(random),
                                    random.nextLong(),
                                    random.nextBoolean() ? null : "schlüssel",
                                    random.nextBoolean() ? null : expiry(random),
                                    random.nextBoolean() ? null : new EventTimes(-positive(random), positive(random)),
                                    random.nextBoolean() ? -1 : positive(random),
                                    random.nextBoolean()
                                            ? null
                                            : new TailSizes(
                                                    positive(random),
                                                    positive(random),
                                                    positive(random),
                                                    positive(random)),
                                    random.nextBoolean() ? List.of() : valueFiles(random),
                                    random.nextBoolean() ? null : superseded(random)),
                            KeyRange.of(from, to),
                            random.nextBoolean(),
                            random.nextBoolean() ? -1 : positive(random) - 1,
                            null));
        }
        for (int i = random.nextInt(5); i > 0; i--) {
            edit.remove(new VersionEdit.Removed(positive(random), FileId.random(random::nextLong), bytes(random)));
        }
        return edit;
    }

    private static Superseded superseded(Random random) {
        long all = 1L + random.nextInt(1_000_000);
        long entries = random.nextLong(all);
        return new Superseded(all, entries, 0, random.nextLong(all - entries));
    }

    private static Expiry expiry(Random random) {
        List<Expiry.Step> steps = new ArrayList<>();
        long until = random.nextInt(1000);
        for (int i = 0; i <= random.nextInt(Expiry.MAX_STEPS); i++) {
            steps.add(new Expiry.Step(until, random.nextInt(Integer.MAX_VALUE)));
            until += 1 + random.nextInt(1_000_000);
        }
        return new Expiry("rule " + random.nextInt(), steps);
    }

    private static List<ValueShare> valueFiles(Random random) {
        List<ValueShare> shares = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(4); i++) {
            long bytes = 1L + random.nextInt(1_000_000);
            int frameBytes = random.nextInt(1_000);
            long fileBytes = bytes + frameBytes + random.nextInt(1_000_000);
            String keyId = random.nextBoolean() ? null : "schlüssel";
            shares.add(new ValueShare(random.nextLong(), random.nextLong(), fileBytes, frameBytes, bytes, keyId));
        }
        return shares;
    }

    private static long positive(Random random) {
        return random.nextLong() >>> (1 + random.nextInt(63));
    }

    private static byte[] bytes(Random random) {
        byte[] bytes = new byte[random.nextInt(300)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** A checksum guards the bytes, so this is about code that must not run wild, and about messages. */
    @Test
    void whatIsNotAnEditIsRefusedWithFileAndOffset() {
        byte[] bytes = VersionEditCodec.encode(sample());
        int refused = 0;
        for (int length = 0; length < bytes.length; length++) {
            refused += refuses(Arrays.copyOf(bytes, length)) ? 1 : 0;
        }
        // Cuts between two fields leave a shorter edit: there are eight fields more.
        assertThat(refused).isEqualTo(bytes.length - 9);
        for (int at = 0; at < bytes.length; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] damaged = bytes.clone();
                damaged[at] = (byte) value;
                refuses(damaged);
            }
        }
    }

    private static boolean refuses(byte[] bytes) {
        try {
            decode(bytes);
            return false;
        } catch (CorruptionException e) {
            assertThat(e.file()).isEqualTo("MANIFEST-7");
            assertThat(e.offset()).isBetween(1_000L, 1_000L + bytes.length);
            return true;
        } catch (FormatTooNewException e) {
            assertThat(e).hasMessageContaining("MANIFEST-7");
            return true;
        }
    }

    @Test
    void unknownFieldsAreSkippedOrRefusedByName() {
        assertThat(decode(new byte[] {2, 1, 5, 99, 2, 1, 1}).lastSequence()).isEqualTo(5);
        assertThatThrownBy(() -> decode(new byte[] {2, 1, 5, 98, 0}))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("MANIFEST-7")
                .hasMessageContaining("field 98 of an edit");
    }

    @Test
    void onlyFilesAreRepeated() {
        assertThat(decode(VersionEditCodec.encode(sample())).added()).hasSize(2);
        assertThatThrownBy(() -> decode(new byte[] {2, 1, 5, 2, 1, 5}))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("a tag above 2");
    }
}
