package io.forebay.bench.engines;

import java.io.File;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The engines that are compared. Each runs in a JVM of its own, with {@link #library()} on its class path. */
public enum EngineKind {
    FOREBAY("Forebay", null, EnumSet.allOf(Ability.class)) {
        @Override
        public Engine open(File directory, Setup setup) {
            return ForebayEngine.open(directory, setup);
        }

        @Override
        public List<Engine> openMany(List<File> directories, Setup setup) {
            return ForebayEngine.openMany(directories, setup);
        }
    },
    ROCKSDB_KAFKA("RocksDB (Kafka)", "rocksdb-kafka", EnumSet.allOf(Ability.class)) {
        @Override
        public Engine open(File directory, Setup setup) {
            return RocksEngine.openAsKafka(directory, setup);
        }

        @Override
        public List<Engine> openMany(List<File> directories, Setup setup) {
            return RocksEngine.openManyAsKafka(directories, setup);
        }
    },
    ROCKSDB_FLINK("RocksDB (Flink)", "rocksdb-flink", EnumSet.allOf(Ability.class)) {
        @Override
        public Engine open(File directory, Setup setup) {
            return RocksEngine.openAsFlink(directory, setup);
        }

        @Override
        public List<Engine> openMany(List<File> directories, Setup setup) {
            return RocksEngine.openManyAsFlink(directories, setup);
        }
    },
    PAIMON("Paimon LSM", "paimon", EnumSet.of(Ability.BULK_LOAD, Ability.FILES)) {
        @Override
        public Engine open(File directory, Setup setup) {
            return PaimonEngine.open(directory, setup);
        }
    },
    HEAP("heap map", null, EnumSet.of(Ability.SCAN, Ability.REVERSE, Ability.CLEAR, Ability.APPEND)) {
        @Override
        public Engine open(File directory, Setup setup) {
            return new HeapEngine();
        }
    };

    private final String title;
    private final String library;
    private final Set<Ability> abilities;

    EngineKind(String title, String library, Set<Ability> abilities) {
        this.title = title;
        this.library = library;
        this.abilities = abilities;
    }

    public String title() {
        return title;
    }

    public boolean can(Set<Ability> needed) {
        return abilities.containsAll(needed);
    }

    /** Folder with the jars that only this engine needs; null for none. */
    public String library() {
        return library;
    }

    /** Opens a store in {@code directory}, which is empty. */
    public abstract Engine open(File directory, Setup setup);

    /** Opens stores that share {@code setup} in the way of the host; close them last first. */
    public List<Engine> openMany(List<File> directories, Setup setup) {
        Setup part = new Setup(setup.memoryBytes() / directories.size(), setup.memtableBytes());
        List<Engine> engines = new ArrayList<>();
        directories.forEach(directory -> engines.add(open(directory, part)));
        return engines;
    }
}
