package io.forebay.flink.iterator;

import io.forebay.flink.registry.RegisteredState;
import io.forebay.store.Store;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.util.IOUtils;

/**
 * The keys of states as Java streams. A stream shows the store as it was when the stream was made, so state may change
 * while it runs. The caller closes the stream: it pins memory and files of the store until its end or its close,
 * whichever comes first. A stream is used by one thread at a time.
 */
@Internal
public final class KeyStreams<K> {
    private final Store store;
    private final KeyGroupRange keyGroups;
    private final TypeSerializer<K> keySerializer;

    public KeyStreams(Store store, KeyGroupRange keyGroups, TypeSerializer<K> keySerializer) {
        this.store = store;
        this.keyGroups = keyGroups;
        this.keySerializer = keySerializer;
    }

    /** The keys that have a row of the state in {@code namespace}, each key once. */
    public <N> Stream<K> keys(RegisteredState state, N namespace) {
        StateKeyIterator<K, N> pairs = pairs(state, namespace);
        return stream(
                new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return pairs.isValid();
                    }

                    @Override
                    public K next() {
                        checkHasNext(pairs.isValid());
                        K key = pairs.key();
                        pairs.next();
                        return key;
                    }
                },
                pairs::close);
    }

    /** The keys that have a row of at least one of the states in {@code namespace}, each key once. */
    public <N> Stream<K> keys(List<RegisteredState> states, N namespace) {
        List<StateKeyIterator<K, N>> cursors = new ArrayList<>();
        try {
            for (RegisteredState state : states) {
                cursors.add(pairs(state, namespace));
            }
        } catch (RuntimeException | Error e) {
            IOUtils.closeAllQuietly(cursors);
            throw e;
        }
        return stream(new MergedKeys<>(cursors), () -> IOUtils.closeAllQuietly(cursors));
    }

    public <N> Stream<Tuple2<K, N>> keysAndNamespaces(RegisteredState state) {
        StateKeyIterator<K, N> pairs = pairs(state, null);
        return stream(
                new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return pairs.isValid();
                    }

                    @Override
                    public Tuple2<K, N> next() {
                        checkHasNext(pairs.isValid());
                        Tuple2<K, N> pair = Tuple2.of(pairs.key(), pairs.namespace());
                        pairs.next();
                        return pair;
                    }
                },
                pairs::close);
    }

    private <N> StateKeyIterator<K, N> pairs(RegisteredState state, @Nullable N namespace) {
        TypeSerializer<N> namespaceSerializer =
                state.<N, Object>keyValueMetaInfo().getNamespaceSerializer();
        return new StateKeyIterator<>(
                store, state.id(), keyGroups, keySerializer.duplicate(), namespaceSerializer.duplicate(), namespace);
    }

    private static <T> Stream<T> stream(Iterator<T> elements, Runnable onClose) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(elements, Spliterator.ORDERED), false)
                .onClose(onClose);
    }

    private static void checkHasNext(boolean hasNext) {
        if (!hasNext) {
            throw new NoSuchElementException();
        }
    }

    /** Merges the cursors of a few states. A key that several cursors have is returned once. */
    private static final class MergedKeys<K, N> implements Iterator<K> {
        private final List<StateKeyIterator<K, N>> cursors;

        MergedKeys(List<StateKeyIterator<K, N>> cursors) {
            this.cursors = cursors;
        }

        @Override
        public boolean hasNext() {
            return smallest() != null;
        }

        @Override
        public K next() {
            StateKeyIterator<K, N> smallest = smallest();
            checkHasNext(smallest != null);
            K key = smallest.key();
            for (StateKeyIterator<K, N> cursor : cursors) {
                if (cursor != smallest && cursor.isValid() && cursor.compareTo(smallest) == 0) {
                    cursor.next();
                }
            }
            smallest.next();
            return key;
        }

        private StateKeyIterator<K, N> smallest() {
            StateKeyIterator<K, N> smallest = null;
            for (StateKeyIterator<K, N> cursor : cursors) {
                if (cursor.isValid() && (smallest == null || cursor.compareTo(smallest) < 0)) {
                    smallest = cursor;
                }
            }
            return smallest;
        }
    }
}
