package io.forebay.kafka;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** The adapter works, and is tested, where RocksDB's native library has been excluded from Kafka Streams. */
class NoNativeLibraryTest {
    @Test
    void rocksDbIsNotOnTheClassPath() {
        assertThatThrownBy(() -> Class.forName("org.rocksdb.RocksDB")).isInstanceOf(ClassNotFoundException.class);
    }
}
