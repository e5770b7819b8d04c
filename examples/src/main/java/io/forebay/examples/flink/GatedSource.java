package io.forebay.examples.flink;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.core.io.InputStatus;

/** The numbers from 0 to a last one, held back while the {@link Gate} is closed. */
final class GatedSource extends NumberSequenceSource {
    private static final long serialVersionUID = 1L;

    GatedSource(long last) {
        super(0, last);
    }

    @Override
    public SourceReader<Long, NumberSequenceSplit> createReader(SourceReaderContext context) {
        return new Reader(super.createReader(context));
    }

    private static final class Reader implements SourceReader<Long, NumberSequenceSplit> {
        private final SourceReader<Long, NumberSequenceSplit> numbers;
        private final Counted counted = new Counted();

        Reader(SourceReader<Long, NumberSequenceSplit> numbers) {
            this.numbers = numbers;
        }

        @Override
        public void start() {
            numbers.start();
        }

        @Override
        public InputStatus pollNext(ReaderOutput<Long> output) throws Exception {
            if (Gate.closed(counted.next) != null) {
                return InputStatus.NOTHING_AVAILABLE;
            }
            counted.output = output;
            return numbers.pollNext(counted);
        }

        @Override
        public List<NumberSequenceSplit> snapshotState(long checkpoint) {
            return numbers.snapshotState(checkpoint);
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            CompletableFuture<Void> closed = Gate.closed(counted.next);
            return closed == null ? numbers.isAvailable() : closed;
        }

        @Override
        public void addSplits(List<NumberSequenceSplit> splits) {
            numbers.addSplits(splits);
        }

        @Override
        public void notifyNoMoreSplits() {
            numbers.notifyNoMoreSplits();
        }

        @Override
        public void close() throws Exception {
            numbers.close();
        }
    }

    /** Passes numbers on and remembers which one comes next. A restored reader learns it with its first number. */
    private static final class Counted implements ReaderOutput<Long> {
        private ReaderOutput<Long> output;
        private long next;

        @Override
        public void collect(Long number) {
            next = number + 1;
            output.collect(number);
        }

        @Override
        public void collect(Long number, long timestamp) {
            next = number + 1;
            output.collect(number, timestamp);
        }

        @Override
        public void emitWatermark(Watermark watermark) {
            output.emitWatermark(watermark);
        }

        @Override
        public void markIdle() {
            output.markIdle();
        }

        @Override
        public void markActive() {
            output.markActive();
        }

        @Override
        public SourceOutput<Long> createOutputForSplit(String split) {
            return output.createOutputForSplit(split);
        }

        @Override
        public void releaseOutputForSplit(String split) {
            output.releaseOutputForSplit(split);
        }
    }
}
