package io.forebay.kafka.state;

import io.forebay.kafka.config.ForebayConfig;
import io.forebay.store.Environment;
import io.forebay.store.MemoryBudgetException;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;

/**
 * A lease of the environment that all stores of one application with the same settings share. The first lease builds the
 * environment; the return of the last lease closes it. Thread-safe.
 */
final class SharedEnvironment implements AutoCloseable {
    private static final Map<Key, Shared> OPEN = new HashMap<>();

    private final Key key;
    private final Environment environment;
    // Guarded by OPEN
    private boolean returned;

    private SharedEnvironment(Key key, Environment environment) {
        this.key = key;
        this.environment = environment;
    }

    static SharedEnvironment lease(String applicationId, ForebayConfig config) {
        Key key = new Key(
                applicationId,
                config.memoryBytes(),
                config.backgroundThreads(),
                config.maxOpenFiles(),
                config.mapFiles());
        synchronized (OPEN) {
            Shared shared = OPEN.get(key);
            if (shared == null) {
                shared = new Shared(build(key));
                OPEN.put(key, shared);
            }
            shared.leases++;
            return new SharedEnvironment(key, shared.environment);
        }
    }

    private static Environment build(Key key) {
        try {
            return Environment.builder()
                    .memoryBytes(key.memoryBytes)
                    .backgroundThreads(key.backgroundThreads)
                    .maxOpenFiles(key.maxOpenFiles)
                    .mapFiles(key.mapFiles)
                    .build();
        } catch (MemoryBudgetException e) {
            ConfigException refused =
                    new ConfigException(ForebayConfig.MEMORY_BYTES_CONFIG, key.memoryBytes, e.getMessage());
            refused.initCause(e);
            throw refused;
        }
    }

    Environment environment() {
        return environment;
    }

    /** Returns the lease. The caller closes its stores first. Idempotent. */
    @Override
    public void close() {
        synchronized (OPEN) {
            if (returned) {
                return;
            }
            returned = true;
            Shared shared = OPEN.get(key);
            if (--shared.leases == 0) {
                OPEN.remove(key);
                shared.environment.close();
            }
        }
    }

    private record Key(
            String applicationId, long memoryBytes, int backgroundThreads, int maxOpenFiles, boolean mapFiles) {}

    private static final class Shared {
        final Environment environment;
        // Guarded by OPEN
        int leases;

        Shared(Environment environment) {
            this.environment = environment;
        }
    }
}
