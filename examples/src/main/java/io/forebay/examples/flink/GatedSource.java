package io.forebay.examples.flink;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
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

    private record Reader(SourceReader<Long, NumberSequenceSplit> numbers)
            implements SourceReader<Long, NumberSequenceSplit> {
        @Override
        public void start() {
            numbers.start();
        }

        @Override
        public InputStatus pollNext(ReaderOutput<Long> output) throws Exception {
            return Gate.closed() == null ? numbers.pollNext(output) : InputStatus.NOTHING_AVAILABLE;
        }

        @Override
        public List<NumberSequenceSplit> snapshotState(long checkpoint) {
            return numbers.snapshotState(checkpoint);
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            CompletableFuture<Void> closed = Gate.closed();
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
}
