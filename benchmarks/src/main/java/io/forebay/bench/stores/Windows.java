package io.forebay.bench.stores;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.Setup;
import io.forebay.bench.scenarios.Data;
import io.forebay.bench.system.Files;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** The rows of windows in the order of time, of which the oldest expire, kept in the way of the host. One thread. */
abstract class Windows implements AutoCloseable {
    static Windows of(StoreTrial trial, int kept) {
        return trial.can(Ability.SEGMENTS) ? new InSegments(trial, Math.max(1, kept / 2)) : new InOneStore(trial);
    }

    /** The store that the rows of a window are in; the windows that are asked for go up by one at most. */
    abstract Engine store(long window);

    /** Nobody wants the rows of this window any more; all before it have expired. */
    abstract void expire(long window);

    @Override
    public abstract void close();

    private static final class InOneStore extends Windows {
        private final Engine engine;

        InOneStore(StoreTrial trial) {
            engine = trial.open(Setup.ofKafka());
        }

        @Override
        Engine store(long window) {
            return engine;
        }

        @Override
        void expire(long window) {
            engine.clearPrefix(Data.prefix(window));
        }

        @Override
        public void close() {
            engine.close();
        }
    }

    /** As Kafka Streams on RocksDB: a database for each half of the retention, whose directory is deleted when it has expired. */
    private static final class InSegments extends Windows {
        private record Segment(long number, File directory, Engine engine) {}

        private final StoreTrial trial;
        private final int windowsInSegment;
        private final Deque<Segment> oldestFirst = new ArrayDeque<>();

        InSegments(StoreTrial trial, int windowsInSegment) {
            this.trial = trial;
            this.windowsInSegment = windowsInSegment;
        }

        @Override
        Engine store(long window) {
            long number = window / windowsInSegment;
            for (Segment segment : oldestFirst) {
                if (segment.number == number) {
                    return segment.engine;
                }
            }
            File directory = trial.trial().newDirectory("segment" + number);
            Segment added = new Segment(number, directory, trial.kind().open(directory, Setup.ofKafka()));
            oldestFirst.addLast(added);
            return added.engine;
        }

        @Override
        void expire(long window) {
            Segment oldest = oldestFirst.peekFirst();
            if (oldest == null || (oldest.number + 1) * windowsInSegment > window + 1) {
                return;
            }
            oldestFirst.removeFirst();
            oldest.engine.close();
            try {
                Files.deleteTree(oldest.directory.toPath());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            oldestFirst.forEach(segment -> segment.engine.close());
        }
    }
}
