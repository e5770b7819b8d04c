package io.forebay.store.iter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.CompactionFilter;
import io.forebay.store.rangedel.Fragment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs of a {@link RetentionIterator}; the base of its tests. */
abstract class RetentionRuns {
    static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    static Retention retention(long[] states, long zeroUpTo, OlderData older, CompactionFilter filter) {
        return new Retention(states, -1, Long.MAX_VALUE, zeroUpTo, older, WriteHistory.MERGE, filter);
    }

    /** Runs it as an output would that cuts its files at the first key at or behind each of {@code fileCuts}. */
    static List<Fragment> run(List<Source> sources, Retention retention, List<byte[]> fileCuts, List<ModelEntry> kept) {
        List<Fragment> tombstones = new ArrayList<>();
        int nextCut = 0;
        try (RetentionIterator iterator = new RetentionIterator(sources, retention)) {
            byte[] previous = null;
            for (iterator.start(tombstones::add); iterator.isValid(); iterator.next()) {
                ModelEntry entry = ModelEntry.of(iterator);
                assertThat(iterator.isFirstOfKey()).isEqualTo(!Arrays.equals(previous, entry.key()));
                while (nextCut < fileCuts.size() && Arrays.compareUnsigned(fileCuts.get(nextCut), entry.key()) <= 0) {
                    Fragment before = iterator.cutTombstone(fileCuts.get(nextCut++));
                    if (before != null) {
                        tombstones.add(before);
                    }
                }
                kept.add(entry);
                previous = entry.key();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (int i = 1; i < tombstones.size(); i++) {
            assertThat(Arrays.compareUnsigned(
                            tombstones.get(i - 1).end(), tombstones.get(i).start()))
                    .isLessThanOrEqualTo(0);
        }
        return tombstones;
    }
}
