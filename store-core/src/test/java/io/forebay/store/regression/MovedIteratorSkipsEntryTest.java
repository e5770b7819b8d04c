package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * An iterator that moved over to a newer state, because memory was short, took it for granted that its entry was still
 * there: after a compaction filter had dropped it, a live entry was skipped, or the iterator threw.
 */
class MovedIteratorSkipsEntryTest {
    private static final String[] KEYS = {"a", "b", "c", "d"};
    private static final KeyRange RANGE = KeyRange.of(bytes("a"), bytes("e"));

    /** From each key, whichever would be dropped, the next move shows the neighbour. */
    @Test
    void noMoveSkipsALiveEntry() {
        for (int dropped = 0; dropped < 1 << KEYS.length; dropped++) {
            for (int at = 0; at < KEYS.length; at++) {
                move(dropped, KEYS[at], true);
                move(dropped, KEYS[at], false);
            }
        }
    }

    private static void move(int dropped, String from, boolean forward) {
        String where = String.format("dropped %4s, from %s %s", Integer.toBinaryString(dropped), from, forward);
        TreeMap<String, String> left = new TreeMap<>();
        for (String key : KEYS) {
            left.put(key, key);
        }
        try (Scene scene = new Scene(dropped)) {
            StoreIterator iterator = scene.openDuringTheFlush(from);
            assertThat(shown(iterator)).as(where).isEqualTo(from);
            if (forward) {
                iterator.next();
            } else {
                iterator.prev();
            }
            String neighbour = forward ? left.higherKey(from) : left.lowerKey(from);
            assertThat(shown(iterator)).as(where).isEqualTo(neighbour);
            if (neighbour == null) {
                return;
            }
            // it stands there properly: the rest of the way, and back
            String next = left.higherKey(neighbour);
            String previous = left.lowerKey(neighbour);
            if (forward) {
                iterator.next();
                assertThat(shown(iterator)).as(where).isEqualTo(next);
                iterator.seek(bytes(neighbour));
                iterator.prev();
                assertThat(shown(iterator)).as(where).isEqualTo(previous);
            } else {
                iterator.prev();
                assertThat(shown(iterator)).as(where).isEqualTo(previous);
                iterator.seek(bytes(neighbour));
                iterator.next();
                assertThat(shown(iterator)).as(where).isEqualTo(next);
            }
        }
    }

    /** A whole scan shows everything once, in order, however late it moves. */
    @Test
    void aScanGoesOnWithEverything() {
        for (String from : KEYS) {
            try (Scene scene = new Scene(0b0101)) {
                List<String> seen = new ArrayList<>();
                for (StoreIterator iterator = scene.openDuringTheFlush(from); iterator.isValid(); iterator.next()) {
                    seen.add(shown(iterator));
                    assertThat(iterator.value()).isEqualTo(iterator.key());
                }
                List<String> expected = new ArrayList<>(List.of(KEYS));
                expected.removeIf(key -> key.compareTo(from) < 0);
                assertThat(seen).isEqualTo(expected);
            }
        }
    }

    /** A store whose keys come to be dropped while a flush is under way, among others that use up the memory. */
    private static final class Scene implements AutoCloseable {
        final SteppedEnvironment stepped = new SteppedEnvironment(1 << 20);
        private final Store store;
        private final int dropped;
        private String from;
        private StoreIterator iterator;

        Scene(int dropped) {
            this.dropped = dropped;
            store = stepped.open(new CrashFileStore(), StoreOptions.builder().compactionFilter(this::isDropped));
        }

        /** An iterator on {@code key} of the memtable, which is in a file by now. */
        StoreIterator openDuringTheFlush(String key) {
            from = key;
            for (String each : KEYS) {
                store.put(bytes(each), bytes(each));
            }
            store.flush();
            assertThat(iterator).isNotNull();
            assertThat(store.statistics().idleIteratorsEmptied()).isEqualTo(1);
            return iterator;
        }

        /** The first question comes when the flush knows all claims that it has to respect. */
        private boolean isDropped(byte[] key, int keyLength, byte[] value, int valueLength) {
            if (iterator == null) {
                iterator = store.iterator(RANGE);
                iterator.seek(bytes(from));
            }
            return MovedIteratorSkipsEntryTest.isDropped(
                    dropped, Arrays.asList(KEYS).indexOf(new String(key, 0, keyLength, UTF_8)));
        }

        @Override
        public void close() {
            iterator.close();
            stepped.close();
            assertThat(stepped.slabs.outstanding()).isZero();
        }
    }

    private static boolean isDropped(int dropped, int key) {
        return (dropped >> key & 1) != 0;
    }

    /** Null when it is on no entry. */
    private static String shown(StoreIterator iterator) {
        return iterator.isValid() ? new String(iterator.key(), UTF_8) : null;
    }

    private static byte[] bytes(String key) {
        return key.getBytes(UTF_8);
    }
}
