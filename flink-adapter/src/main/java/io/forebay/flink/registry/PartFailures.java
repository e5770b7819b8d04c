package io.forebay.flink.registry;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects the exceptions that serializers throw when they are asked about parts of a checkpoint. A part without an answer
 * is read like the other parts, because Flink's own backends ask about one part only, and read all parts like that part. It
 * is an error only if no part has an answer. Used by one thread, that of the task.
 */
@Internal
public final class PartFailures {
    private static final Logger LOG = LoggerFactory.getLogger(PartFailures.class);

    private final List<Throwable> failures = new ArrayList<>();

    public void add(Throwable failure) {
        failures.add(failure);
    }

    /**
     * Throws the first failure if there are as many failures as parts, and otherwise logs all failures.
     *
     * @param state the name, for the log
     * @param parts the number of parts; at least 1
     */
    public void throwOrLog(String state, int parts) {
        if (failures.size() == parts) {
            Throwable first = failures.get(0);
            failures.stream().filter(other -> other != first).forEach(first::addSuppressed);
            ExceptionUtils.rethrow(first);
        }
        for (Throwable failure : failures) {
            LOG.warn(
                    "The serializers of the state {} cannot be asked about one of {} parts of the checkpoint: it is read like"
                            + " the others.",
                    state,
                    parts,
                    failure);
        }
    }
}
