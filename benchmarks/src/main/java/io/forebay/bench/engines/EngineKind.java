package io.forebay.bench.engines;

import io.forebay.bench.scenarios.Contender;
import java.io.File;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The engines that are compared. Each runs in a JVM of its own, with its own jars on the class path. */
public enum EngineKind {
    FOREBAY("Forebay", EnumSet.complementOf(EnumSet.of(Ability.SEGMENTS))) {
        @Override
        public Engine open(File directory, Setup setup) {
            return ForebayEngine.open(directory, setup);
        }

        @Override
        public List<Engine> openMany(List<File> directories, Setup setup) {
            return ForebayEngine.openMany(directories, setup);
        }
    },
    ROCKSDB_KAFKA("RocksDB (Kafka)", EnumSet.complementOf(EnumSet.of(Ability.CHECKPOINT)), "rocksdb-kafka") {
        @Override
        public Engine open(File directory, Setup setup) {
            return RocksEngine.openAsKafka(directory, setup);
        }

        @Override
        public List<Engine> openMany(List<File> directories, Setup setup) {
            return RocksEngine.openManyAsKafka(directories, setup);
        }
    },
    ROCKSDB_FLINK("RocksDB (Flink)", EnumSet.complementOf(EnumSet.of(Ability.SEGMENTS)), "rocksdb-flink") {
        @Override
        public Engine open(File directory, Setup setup) {
            return RocksEngine.openAsFlink(directory, setup);
        }

        @Override
        public List<Engine> openMany(List<File> directories, Setup setup) {
            return RocksEngine.openManyAsFlink(directories, setup);
        }
    },
    ROCKSDB_NEWEST("RocksDB (newest)", EnumSet.complementOf(EnumSet.of(Ability.SEGMENTS)), "rocksdb-newest") {
        @Override
        public Engine open(File directory, Setup setup) {
            return RocksEngine.openNewest(directory, setup);
        }

        @Override
        public List<Engine> openMany(List<File> directories, Setup setup) {
            return RocksEngine.openManyNewest(directories, setup);
        }
    },
    PAIMON("Paimon LSM", EnumSet.of(Ability.BULK_LOAD, Ability.FILES), "paimon", "paimon-bundle") {
        @Override
        public Engine open(File directory, Setup setup) {
            return PaimonEngine.open(directory, setup);
        }
    },
    HEAP("heap map", EnumSet.of(Ability.SCAN, Ability.REVERSE, Ability.CLEAR, Ability.APPEND)) {
        @Override
        public Engine open(File directory, Setup setup) {
            return new HeapEngine();
        }
    };

    private final Contender contender;
    private final Set<Ability> abilities;

    EngineKind(String title, Set<Ability> abilities, String... libraries) {
        this.abilities = abilities;
        contender = new Contender(name().toLowerCase(Locale.ROOT).replace('_', '-'), title, libraries);
    }

    public Contender contender() {
        return contender;
    }

    /** @throws IllegalArgumentException when the contender is no engine */
    public static EngineKind of(Contender contender) {
        for (EngineKind kind : values()) {
            if (kind.contender.isSameAs(contender)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("No engine: " + contender);
    }

    public boolean can(Set<Ability> needed) {
        return abilities.containsAll(needed);
    }

    /** Opens a store in {@code directory}, which is empty. */
    public abstract Engine open(File directory, Setup setup);

    /** Opens stores that share {@code setup} in the way of the host; close them last first. */
    public List<Engine> openMany(List<File> directories, Setup setup) {
        throw new UnsupportedOperationException(this + " has no memory that several stores share");
    }
}
