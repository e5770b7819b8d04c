package io.forebay.kafkatests.move;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.TaskCorruptedException;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.internals.metrics.StreamsMetricsImpl;
import org.apache.kafka.streams.state.internals.ThreadCache;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.apache.kafka.test.MockRecordCollector;

/**
 * A task with one store, which does to it what Kafka Streams 4.3 does: {@code ProcessorStateManager}, {@code
 * StateManagerUtil} and {@code StreamTask}.
 */
final class Task {
    private static final TopicPartition PARTITION = new TopicPartition("changelog", 0);
    private static final long UNKNOWN = -4;

    private final Kind kind;
    private final Changelog changelog;
    private final boolean exactlyOnce;
    private final File directory;
    private StateStore store;

    Task(Kind kind, Changelog changelog, boolean exactlyOnce, File directory) {
        this.kind = kind;
        this.changelog = changelog;
        this.exactlyOnce = exactlyOnce;
        this.directory = directory;
    }

    /** Opens and restores the store; a task that is corrupted is wiped and revived. */
    void open(Kind.Engine engine) {
        try {
            restore(engine);
        } catch (TaskCorruptedException e) {
            store.close();
            try {
                Utils.delete(directory);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
            restore(engine);
        }
    }

    private void restore(Kind.Engine engine) {
        boolean isEmpty = isEmpty();
        store = kind.create(engine);
        InternalMockProcessorContext<Object, Object> context = context();
        store.init(context, store);
        Long offset = store.committedOffset(PARTITION);
        if (offset == null && exactlyOnce && !isEmpty) {
            throw new TaskCorruptedException(Set.of(context.taskId()));
        }
        context.restore(Kind.NAME, changelog.after(offset == null || offset == UNKNOWN ? -1 : offset, kind));
        commit();
    }

    private boolean isEmpty() {
        String[] names = directory.list((dir, name) -> !name.startsWith(".checkpoint"));
        return names == null || names.length == 0;
    }

    /** The pass over all stores that {@code KafkaStreams.start()} makes before threads get their tasks. */
    void startUp(Kind.Engine engine) {
        if (isEmpty()) {
            return;
        }
        store = kind.create(engine);
        try {
            store.init(context(), store);
            Long offset = store.committedOffset(PARTITION);
            if (offset != null || !exactlyOnce) {
                store.commit(Map.of(PARTITION, offset == null ? UNKNOWN : offset));
            }
        } catch (TaskCorruptedException e) {
            // told again when the task is opened
        }
        store.close();
    }

    void process(String key, String value) {
        changelog.append(key, value);
        kind.put(store, key, value == null ? null : value.getBytes(StandardCharsets.UTF_8));
    }

    /** At each commit interval. Under exactly-once a running task does not commit its stores. */
    void commitInterval() {
        if (!exactlyOnce) {
            commit();
        }
    }

    private void commit() {
        store.commit(Map.of(PARTITION, changelog.end() == 0 ? UNKNOWN : changelog.end() - 1));
    }

    Map<String, String> rows() {
        return kind.rows(store);
    }

    void close() {
        commit();
        store.close();
    }

    /** What is on disk now is what a process that is killed now leaves. */
    void kill() {
        Path copy = directory.toPath().resolveSibling("killed");
        try {
            Map<String, Long> before;
            do { // again if files came or went meanwhile: a copy of two moments is no disk that a kill leaves
                Utils.delete(copy.toFile());
                before = files();
            } while (!copy(copy) || !before.equals(files()));
            store.close();
            Utils.delete(directory);
            Files.move(copy, directory.toPath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Names and sizes of all files; empty if one went meanwhile. */
    private Map<String, Long> files() throws IOException {
        Map<String, Long> sizes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(directory.toPath())) {
            for (Path file : (Iterable<Path>) files::iterator) {
                sizes.put(file.toString(), Files.isDirectory(file) ? -1 : Files.size(file));
            }
        } catch (NoSuchFileException | UncheckedIOException e) {
            return Map.of();
        }
        return sizes;
    }

    /** @return false when a file went meanwhile */
    private boolean copy(Path to) throws IOException {
        try (Stream<Path> files = Files.walk(directory.toPath())) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(directory.toPath().relativize(file).toString()));
            }
            return true;
        } catch (NoSuchFileException | UncheckedIOException e) {
            return false;
        }
    }

    private InternalMockProcessorContext<Object, Object> context() {
        try {
            Files.createDirectories(directory.toPath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, directory.getPath());
        properties.put("forebay.memory.bytes", 16 << 20);
        if (exactlyOnce) {
            properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        }
        MockRecordCollector collector = new MockRecordCollector();
        StreamsMetricsImpl metrics = new StreamsMetricsImpl(new Metrics(), "test", Time.SYSTEM);
        InternalMockProcessorContext<Object, Object> context = new InternalMockProcessorContext<>(
                directory,
                Serdes.Bytes(),
                Serdes.ByteArray(),
                metrics,
                new StreamsConfig(properties),
                () -> collector,
                new ThreadCache(new LogContext(), 0, metrics),
                Time.SYSTEM);
        context.setTime(0);
        context.addChangelogForStore(Kind.NAME, PARTITION.topic());
        return context;
    }
}
