package io.forebay.flink.registry;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What serializers have thrown instead of answering about parts of a checkpoint. Flink's own backends ask about one part and
 * read all as that one; so a part that cannot be asked about is read as the others, and only when there is none it is an error.
 */
@Internal
public final class PartFailures {
    private static final Logger LOG = LoggerFactory.getLogger(PartFailures.class);

    private final List<Throwable> failures = new ArrayList<>();

    public void add(Throwable failure) {
        failures.add(failure);
    }

    /** Throws the first failure when there are as many as {@code parts}, at least one; else logs all. */
    public void settle(String state, int parts) {
        if (failures.size() == parts) {
            Throwable first = failures.get(0);
            failures.subList(1, parts).forEach(first::addSuppressed);
            ExceptionUtils.rethrow(first);
        }
        for (Throwable failure : failures) {
            LOG.warn(
                    "The serializers of the state {} cannot be asked about one of {} parts of the checkpoint: it is read as the"
                            + " others are.",
                    state,
                    parts,
                    failure);
        }
    }
}
