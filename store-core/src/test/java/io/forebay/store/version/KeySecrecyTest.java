package io.forebay.store.version;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.KeyText;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.sst.SstProperties;
import io.forebay.store.sst.SstVerifier;
import io.forebay.store.sst.SstWriter;
import io.forebay.store.sst.ValueCheck;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with keys is told with the keys where files are plain, and without them where files are encrypted. */
class KeySecrecyTest {
    private static final byte[] A = "SECRET-a".getBytes(UTF_8);
    private static final byte[] B = "SECRET-b".getBytes(UTF_8);
    private static final byte[] C = "SECRET-c".getBytes(UTF_8);
    private static final String SECRET = HexFormat.of().formatHex("SECRET".getBytes(UTF_8));

    private final MemoryFileStore files = new MemoryFileStore();
    private Encryption encryption;
    private int number;

    /** A file of these keys with that sequence number; not even the order of the keys is looked at. */
    private FileMeta file(long sequence, byte[]... keys) throws Exception {
        FileId id = new FileId(1, ++number);
        SstWriter writer = writer(id.name());
        for (byte[] key : keys) {
            forgetOrder(writer);
            writer.add(key, 0, key.length, sequence, ValueKind.PUT, key, 0, key.length);
        }
        SstProperties properties = writer.finish();
        return new FileMeta(
                id,
                new SstInfo(
                        properties.fileBytes(), sequence, sequence, keys.length, 0, 0, 7, encryption.currentKeyId()),
                properties.range(),
                false,
                -1,
                null);
    }

    private SstWriter writer(String name) throws IOException {
        return new SstWriter(
                files.create(name),
                name,
                encryption.create(name),
                null,
                io.forebay.store.Compression.NONE,
                4096,
                10,
                7);
    }

    private static void forgetOrder(SstWriter writer) throws ReflectiveOperationException {
        Field last = SstWriter.class.getDeclaredField("lastLength");
        last.setAccessible(true);
        last.setInt(writer, 0);
    }

    private void check(String message) {
        if (encryption.isOn()) {
            assertThat(message).doesNotContain(SECRET, "SECRET").contains("8 bytes, not shown because of encryption");
        } else {
            assertThat(message).contains(SECRET);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whateverIsWrong(boolean encrypted) throws Exception {
        encryption = Encryption.of(encrypted ? TestKeys.provider("k") : null, encrypted);
        // an entry out of order, refused by the writer
        SstWriter writer = writer("x");
        writer.add(B, 0, B.length, 5, ValueKind.PUT, B, 0, B.length);
        check(catchThrowable(() -> writer.add(A, 0, A.length, 5, ValueKind.PUT, A, 0, A.length))
                .getMessage());
        check(catchThrowable(() -> writer.add(C, 0, C.length, 5, (byte) 99, C, 0, C.length))
                .getMessage());
        writer.abandon();
        // and in a file
        FileMeta unordered = file(5, A, C, B);
        List<String> findings = new ArrayList<>();
        try (var bytes = files.open(unordered.id().name())) {
            new SstVerifier(
                            bytes,
                            unordered.id().name(),
                            (offset, expected, found) -> findings.add(expected + " / " + found),
                            ValueCheck.NONE,
                            () -> false)
                    .verify(encryption, encryption.currentKeyId());
        }
        assertThat(findings).isNotEmpty();
        findings.stream().filter(finding -> finding.contains(" after ")).forEach(this::check);
        assertThat(findings).anyMatch(finding -> finding.contains(" after "));
        // an older entry above a newer one
        FileMeta newer = file(3, B);
        FileMeta older = file(7, B);
        findings.clear();
        try (var above = files.open(newer.id().name());
                var below = files.open(older.id().name())) {
            new AgeCheck(newer, older, (offset, expected, found) -> findings.add(expected), () -> false)
                    .run(above, below, encryption);
        }
        assertThat(findings).singleElement().satisfies(this::check);
        // files of a run that overlap, and what a file says of itself
        check(catchThrowable(() -> new SortedRun(1, List.of(file(3, A, C), file(3, B))))
                .getMessage());
        check(newer.toString());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whereNobodyKnows(boolean behindTheOther) {
        encryption = Encryption.of(TestKeys.provider("k"), true);
        Fragment one = new Fragment(B, C, new long[] {3});
        Fragment two = new Fragment(A, behindTheOther ? B : A, new long[] {3});
        check(catchThrowable(() ->
                        io.forebay.store.rangedel.FragmentArray.of(behindTheOther ? List.of(one, two) : List.of(two)))
                .getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 32, 33, 60_000})
    void noMessageGrowsWithItsKey(int length) {
        byte[] key = new byte[length];
        assertThat(KeyText.PLAIN.of(key)).hasSizeLessThan(100);
        assertThat(KeyText.HIDDEN.of(key)).hasSizeLessThan(100).contains(length + " bytes");
        if (length > 32) {
            assertThat(KeyText.PLAIN.of(key)).contains("(" + length + " bytes)");
        }
    }
}
