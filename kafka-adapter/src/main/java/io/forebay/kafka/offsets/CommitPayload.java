package io.forebay.kafka.offsets;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.query.Position;

/**
 * The payload of an engine commit, which the engine does not interpret. Immutable by convention: the maps are not copied.
 *
 * <p>Bytes, big-endian (docs/format/kafka-payload.md):
 *
 * <pre>
 * payload  --&gt; version:1 kind:1 format:1 segmentInterval:8 streamTime:8 offsets position
 * offsets  --&gt; count:4 { topic partition:4 offset:8 }        ascending by topic, partition
 * position --&gt; count:4 { topic count:4 { partition:4 offset:8 } }   ascending by topic, partition
 * topic    --&gt; length:2 utf8
 * </pre>
 *
 * @param layout how the rows are written
 * @param streamTime the highest timestamp of all rows ever put, in milliseconds; -1 for none, and in a key-value store
 * @param offsets changelog offsets as Kafka has given them; -4 is Kafka's mark for "unknown"
 * @param position the position vector. A caller that encodes it while another thread may change it holds its monitor
 * @param open true while a task has the store open and may continue without a commit; without a changelog nothing could
 *     bring back what the task did after this commit. The version is 2 if true, else 1
 */
public record CommitPayload(
        StoreLayout layout, long streamTime, Map<TopicPartition, Long> offsets, Position position, boolean open) {
    private static final int VERSION_CLOSED = 1;
    private static final int VERSION_OPEN = 2;
    private static final int MAX_TOPIC_BYTES = 0xFFFF;

    /** Makes a payload that is not {@link #open}. */
    public CommitPayload(StoreLayout layout, long streamTime, Map<TopicPartition, Long> offsets, Position position) {
        this(layout, streamTime, offsets, position, false);
    }

    /** Returns a copy of this payload that is not {@link #open}. */
    public CommitPayload closed() {
        return new CommitPayload(layout, streamTime, offsets, position);
    }

    /** Encodes the payload. Equal payloads have equal bytes. */
    public byte[] encode() {
        TreeMap<String, TreeMap<Integer, Long>> offsetsByTopic = new TreeMap<>();
        offsets.forEach((tp, offset) -> offsetsByTopic
                .computeIfAbsent(tp.topic(), topic -> new TreeMap<>())
                .put(tp.partition(), offset));
        TreeMap<String, TreeMap<Integer, Long>> positions = new TreeMap<>();
        for (String topic : position.getTopics()) {
            positions.put(topic, new TreeMap<>(position.getPartitionPositions(topic)));
        }
        int bytes = 3 + 8 + 8 + 4 + 4;
        for (Map.Entry<String, TreeMap<Integer, Long>> entry : offsetsByTopic.entrySet()) {
            bytes += entry.getValue().size() * (topicBytes(entry.getKey()).length + 2 + 12);
        }
        for (Map.Entry<String, TreeMap<Integer, Long>> entry : positions.entrySet()) {
            bytes +=
                    topicBytes(entry.getKey()).length + 2 + 4 + entry.getValue().size() * 12;
        }
        ByteBuffer out = ByteBuffer.allocate(bytes);
        out.put((byte) (open ? VERSION_OPEN : VERSION_CLOSED));
        out.put((byte) layout.kind().id());
        out.put((byte) layout.format().id());
        out.putLong(layout.segmentInterval());
        out.putLong(streamTime);
        out.putInt(offsets.size());
        offsetsByTopic.forEach((topic, partitions) -> partitions.forEach((partition, offset) -> {
            putTopic(out, topic);
            out.putInt(partition).putLong(offset);
        }));
        out.putInt(positions.size());
        positions.forEach((topic, partitions) -> {
            putTopic(out, topic);
            out.putInt(partitions.size());
            partitions.forEach((partition, offset) -> out.putInt(partition).putLong(offset));
        });
        return out.array();
    }

    /**
     * Decodes a payload.
     *
     * @throws PayloadException when the bytes are damaged or of a later version
     */
    public static CommitPayload decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            int version = in.get();
            if (version != VERSION_CLOSED && version != VERSION_OPEN) {
                throw new PayloadException(
                        "version " + version + " of the commit payload is not known (this is version " + VERSION_OPEN
                                + "); it was written by a later Forebay");
            }
            StoreKind kind = StoreKind.of(in.get());
            ValueFormat format = ValueFormat.of(in.get());
            if (kind == null || format == null) {
                throw new PayloadException("unknown store kind or value format in the commit payload");
            }
            StoreLayout layout = new StoreLayout(kind, format, in.getLong());
            long streamTime = in.getLong();
            Map<TopicPartition, Long> offsets = new HashMap<>();
            for (int left = count(in, 14); left > 0; left--) {
                offsets.put(new TopicPartition(topic(in), in.getInt()), in.getLong());
            }
            Position position = Position.emptyPosition();
            for (int topics = count(in, 6); topics > 0; topics--) {
                String topic = topic(in);
                for (int left = count(in, 12); left > 0; left--) {
                    position.withComponent(topic, in.getInt(), in.getLong());
                }
            }
            if (in.hasRemaining()) {
                throw new PayloadException(in.remaining() + " bytes too many in the commit payload");
            }
            return new CommitPayload(layout, streamTime, offsets, position, version == VERSION_OPEN);
        } catch (java.nio.BufferUnderflowException | IllegalArgumentException e) {
            throw new PayloadException("the commit payload of " + bytes.length + " bytes is damaged", e);
        }
    }

    private static int count(ByteBuffer in, int bytesEach) {
        int count = in.getInt();
        if (count < 0 || (long) count * bytesEach > in.remaining()) {
            throw new PayloadException("a count of " + count + " does not fit into the commit payload");
        }
        return count;
    }

    private static byte[] topicBytes(String topic) {
        byte[] utf8 = topic.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > MAX_TOPIC_BYTES) {
            throw new IllegalArgumentException("Topic name of " + utf8.length + " bytes, at most " + MAX_TOPIC_BYTES);
        }
        return utf8;
    }

    private static void putTopic(ByteBuffer out, String topic) {
        byte[] utf8 = topicBytes(topic);
        out.putShort((short) utf8.length).put(utf8);
    }

    private static String topic(ByteBuffer in) {
        byte[] utf8 = new byte[in.getShort() & 0xFFFF];
        in.get(utf8);
        try {
            // Strict: a damaged name must not become the name of another topic.
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new PayloadException("a topic name in the commit payload is not UTF-8", e);
        }
    }
}
