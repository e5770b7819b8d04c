package io.forebay.flink.ttl;

import io.forebay.flink.key.KeyLayout;
import io.forebay.store.CompactionFilter;
import io.forebay.store.StoreOptions;
import java.time.Duration;
import java.util.Arrays;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.StateTtlConfig.RocksdbCompactFilterCleanupStrategy;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drops expired rows, whose time to live is over, when they are flushed or compacted. Thread-safe: the task thread adds
 * states, background threads ask about rows.
 *
 * <p>A value starts with the time of its last access (8 bytes, big-endian); in a map entry the null flag comes before the
 * time. A list is dropped when all its elements have expired, which is known only if elements have a fixed length. The
 * times of its elements need not ascend: a clock may have been set back, or the task may have moved to a machine whose
 * clock is behind.
 *
 * <p>A row that is too short for a time is kept: it is an old version of the key, from before the state had a time to
 * live, and is hidden by a migrated version.
 */
@Internal
public final class ExpiredStateFilter implements CompactionFilter {
    private static final Logger LOG = LoggerFactory.getLogger(ExpiredStateFilter.class);

    private static final int TIME_BYTES = Long.BYTES;
    private static final int NOT_A_LIST = -1;

    /**
     * How a row of one state expires.
     *
     * @param timeAt offset of the time in a value
     * @param elementBytes length of the elements of a list; {@link #NOT_A_LIST} for other states
     * @param period how old a file with such rows may become before the filter is to see it again; zero for any age
     */
    private record Rule(int stateId, long millisToLive, int timeAt, int elementBytes, Duration period) {}

    private final TtlTimeProvider timeProvider;

    // Written under this, read without
    private volatile Rule[] rules = new Rule[0];

    public ExpiredStateFilter(TtlTimeProvider timeProvider) {
        this.timeProvider = timeProvider;
    }

    /** Starts or stops the dropping of rows of a state, as its descriptor says. */
    public synchronized void configure(
            int stateId, StateDescriptor<?, ?> descriptor, TypeSerializer<?> stateSerializer) {
        Rule[] others =
                Arrays.stream(rules).filter(rule -> rule.stateId() != stateId).toArray(Rule[]::new);
        Rule rule = rule(stateId, descriptor, stateSerializer);
        String kept = whatStays(descriptor, rule);
        if (kept != null) {
            LOG.warn("State {}: {}", descriptor.getName(), kept);
        }
        if (rule != null) {
            others = Arrays.copyOf(others, others.length + 1);
            others[others.length - 1] = rule;
        }
        rules = others;
    }

    private static Rule rule(int stateId, StateDescriptor<?, ?> descriptor, TypeSerializer<?> stateSerializer) {
        StateTtlConfig config = descriptor.getTtlConfig();
        if (!config.isEnabled() || !config.getCleanupStrategies().inRocksdbCompactFilter()) {
            return null;
        }
        long millis = config.getTimeToLive().toMillis();
        Duration period = period(config);
        switch (descriptor.getType()) {
            case LIST:
                int elementBytes = ((ListSerializer<?>) stateSerializer)
                        .getElementSerializer()
                        .getLength();
                return elementBytes < TIME_BYTES ? null : new Rule(stateId, millis, 0, elementBytes, period);
            case MAP:
                return new Rule(stateId, millis, 1, NOT_A_LIST, period);
            default:
                return new Rule(stateId, millis, 0, NOT_A_LIST, period);
        }
    }

    private static Duration period(StateTtlConfig config) {
        RocksdbCompactFilterCleanupStrategy strategy =
                config.getCleanupStrategies().getRocksdbCompactFilterCleanupStrategy();
        if (strategy == null) {
            return StoreOptions.defaults().periodicCompaction();
        }
        // RocksDB counts in seconds, and takes less than one for none.
        return Duration.ofSeconds(
                Math.max(0, strategy.getPeriodicCompactionTime().getSeconds()));
    }

    /**
     * The period of {@link StoreOptions#periodicCompaction()}: the shortest one that a state has asked for so far, as all
     * states share the files of the store; zero while none has. Any thread.
     */
    public Duration periodicCompaction() {
        Duration shortest = Duration.ZERO;
        for (Rule rule : rules) {
            Duration period = rule.period();
            if (!period.isZero() && (shortest.isZero() || period.compareTo(shortest) < 0)) {
                shortest = period;
            }
        }
        return shortest;
    }

    /** Says what of a state is not dropped although its descriptor asks for it; null for nothing. */
    private static String whatStays(StateDescriptor<?, ?> descriptor, Rule rule) {
        if (descriptor.getType() != StateDescriptor.Type.LIST
                || !descriptor.getTtlConfig().isEnabled()
                || !descriptor.getTtlConfig().getCleanupStrategies().inRocksdbCompactFilter()) {
            return null;
        }
        return (rule == null
                        ? "the elements of its lists have no fixed length, so that compactions drop no list whose time to live is over, "
                        : "compactions drop a list once the time to live of all its elements is over, ")
                + "and no elements of a list that lives: those stay in state and checkpoints, hidden, until the list is"
                + " written as a whole (update, clear, or a read with UpdateType.OnReadAndWrite).";
    }

    @Override
    public boolean drop(byte[] key, int keyLength, byte[] value, int valueLength) {
        Rule rule = ruleOf(key, keyLength);
        if (rule == null) {
            return false;
        }
        return rule.elementBytes() == NOT_A_LIST
                ? isValueOver(rule, value, valueLength)
                : isListOver(rule, value, valueLength);
    }

    /** False for rows of states without a time to live. */
    @Override
    public boolean mayDrop(byte[] key, int keyLength) {
        return ruleOf(key, keyLength) != null;
    }

    /** Null for a row that is kept. */
    private Rule ruleOf(byte[] key, int keyLength) {
        Rule[] present = rules;
        if (present.length == 0 || keyLength < KeyLayout.PREFIX_BYTES) {
            return null;
        }
        int stateId = KeyLayout.stateId(key);
        for (Rule rule : present) {
            if (rule.stateId() == stateId) {
                return rule;
            }
        }
        return null;
    }

    private boolean isValueOver(Rule rule, byte[] value, int valueLength) {
        int at = rule.timeAt();
        if (at == 1 && valueLength > 0 && value[0] != 0) {
            return false;
        }
        return valueLength - at >= TIME_BYTES && isOver(longAt(value, at), rule.millisToLive());
    }

    /**
     * True for a list whose elements have all expired. A value whose length does not fit elements and delimiters is no
     * list.
     */
    private boolean isListOver(Rule rule, byte[] value, int valueLength) {
        int step = rule.elementBytes() + 1;
        if ((valueLength + 1) % step != 0) {
            return false;
        }
        // The last element first: it is the youngest, unless a clock was set back.
        for (int at = valueLength - rule.elementBytes(); at >= 0; at -= step) {
            if (!isOver(longAt(value, at), rule.millisToLive())) {
                return false;
            }
        }
        return true;
    }

    private boolean isOver(long lastAccess, long millisToLive) {
        long end = lastAccess + millisToLive;
        boolean never = lastAccess > 0 && end < 0;
        return !never && end <= timeProvider.currentTimestamp();
    }

    private static long longAt(byte[] bytes, int at) {
        long number = 0;
        for (int i = 0; i < TIME_BYTES; i++) {
            number = number << 8 | (bytes[at + i] & 0xFF);
        }
        return number;
    }
}
