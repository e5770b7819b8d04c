package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.iter.ModelEntry;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SstDirectory;
import io.forebay.store.version.FileMeta;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Outputs to a directory in memory; the base of their tests. */
abstract class SstOutputs {
    static final long NO_SPLIT = 1 << 20;
    static final byte[] VALUE = new byte[50];
    final CrashFileStore files = new CrashFileStore();
    final SstDirectory directory = new SstDirectory(files);

    static byte[] key(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static ModelEntry put(String key, long sequence) {
        return new ModelEntry(key(key), sequence, ValueKind.PUT, VALUE);
    }

    static Fragment deleted(String from, String to, long sequence) {
        return new Fragment(key(from), to == null ? null : key(to), new long[] {sequence});
    }

    List<FileMeta> write(
            List<ModelEntry> entries, List<Fragment> deletes, List<byte[]> cuts, long leastBytes, long targetBytes)
            throws IOException {
        return write(directory.target(targetBytes), entries, FragmentArray.of(deletes), cuts, leastBytes);
    }

    static List<FileMeta> write(
            SstTarget target, List<ModelEntry> entries, RangeTombstones deletes, List<byte[]> cuts, long leastBytes)
            throws IOException {
        SstDirectory.Deletes left = new SstDirectory.Deletes(deletes);
        try (SstOutput output = new SstOutput(target, left, cuts, leastBytes)) {
            for (ModelEntry entry : entries) {
                left.pass(entry.key(), output);
                SstDirectory.add(output, entry);
            }
            left.pass(null, output);
            List<FileMeta> run = output.finish();
            assertThat(output.bytesWritten())
                    .isEqualTo(run.stream().mapToLong(FileMeta::fileBytes).sum());
            return run;
        }
    }

    static List<String> ranges(List<FileMeta> run) {
        return run.stream()
                .map(file ->
                        text(file.range().from()) + " to " + text(file.range().to()))
                .toList();
    }

    /** The key right behind another one is shown with a plus. */
    static String text(byte[] key) {
        return key == null ? "end" : new String(key, StandardCharsets.US_ASCII).replace('\0', '+');
    }

    void dropAndClose(List<FileMeta> run) throws IOException {
        SstDirectory.release(run);
        assertThat(directory.names()).isEmpty();
        directory.close();
    }
}
