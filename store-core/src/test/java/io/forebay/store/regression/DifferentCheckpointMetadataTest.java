package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.KeyProvider;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two threads that asked for the metadata of an encrypted checkpoint at the same time could get different bytes,
 * because each of them made a data key.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DifferentCheckpointMetadataTest {
    private static final byte[] KEY = {1};

    private final KeyProvider keys = TestKeys.provider("one");
    /** Run once, when a data key is wrapped. */
    private final AtomicReference<Runnable> onWrap = new AtomicReference<>();

    private final KeyProvider provider = new KeyProvider() {
        @Override
        public String currentKeyId() {
            return keys.currentKeyId();
        }

        @Override
        public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
            WrappedKey wrapped = keys.wrap(dataKey);
            Runnable due = onWrap.getAndSet(null);
            if (due != null) {
                due.run();
            }
            return wrapped;
        }

        @Override
        public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
            return keys.unwrap(keyId, wrapped);
        }
    };

    @Test
    void metadataIsTheSameForTwoThreadsThatAskForItAtOnce() throws Exception {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store =
                    stepped.open(new CrashFileStore(), StoreOptions.builder().encryption(provider));
            store.put(KEY, KEY);
            try (Checkpoint checkpoint = store.checkpoint(KEY)) {
                stepped.executor.drain();
                AtomicReference<byte[]> others = new AtomicReference<>();
                Thread other = new Thread(() -> others.set(checkpoint.metadata()), "other");
                onWrap.set(() -> {
                    other.start();
                    // It waits for the lock, or has its own bytes.
                    while (other.isAlive() && other.getState() != Thread.State.BLOCKED) {
                        Thread.onSpinWait();
                    }
                });
                byte[] own = checkpoint.metadata();
                other.join();
                assertThat(onWrap.get()).as("the other one's turn").isNull();
                assertThat(others.get()).isEqualTo(own);
                assertThat(checkpoint.metadata()).isEqualTo(own);
            }
        }
    }
}
