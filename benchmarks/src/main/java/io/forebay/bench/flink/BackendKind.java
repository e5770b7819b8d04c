package io.forebay.bench.flink;

import io.forebay.bench.scenarios.Contender;
import io.forebay.flink.ForebayOptions;
import io.forebay.flink.ForebayStateBackendFactory;
import java.io.File;
import java.util.Locale;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;

/** The backends that are compared. They differ in {@code state.backend.type}; everything else is as Flink has it by default. */
enum BackendKind {
    FOREBAY("Forebay", ForebayStateBackendFactory.class.getName()),
    ROCKSDB("RocksDB backend", "rocksdb", "rocksdb-flink", "flink-rocksdb-backend"),
    HASHMAP("heap backend", "hashmap");

    private final Contender contender;
    private final String type;

    BackendKind(String title, String type, String... libraries) {
        this.type = type;
        contender = new Contender(name().toLowerCase(Locale.ROOT) + "-backend", title, libraries);
    }

    static BackendKind of(Contender contender) {
        for (BackendKind kind : values()) {
            if (kind.contender.isSameAs(contender)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("No backend: " + contender);
    }

    Contender contender() {
        return contender;
    }

    /** @param directory for working files */
    Configuration configuration(File directory) {
        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, type);
        configuration.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        configuration.set(ForebayOptions.LOCAL_DIRECTORIES, directory.getAbsolutePath());
        configuration.setString("state.backend.rocksdb.localdir", directory.getAbsolutePath());
        return configuration;
    }
}
